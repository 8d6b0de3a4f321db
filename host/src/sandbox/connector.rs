//! A connector that calls can be made on: compiled, linked, tried once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use wasmtime::Engine;

use super::code::{CodeError, ConnectorCode, Linked, Source};
use super::compiler::CompilerError;
use super::engine::Sandbox;
use super::error::CallError;
use super::limits::TotalMemory;
use super::turns::Turns;
use super::wasm::Wasm;
use crate::config::{ConnectorConfig, ConnectorName, Limits};
use crate::egress::{CurrentEgress, Egress};
use crate::secrets::Secrets;

/// The longest that the trial instantiation of a load may take, whatever the connector's own `page-timeout`. The
/// slowest one measured, Python's, takes half a millisecond.
const TRIAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Counts the versions of all connectors.
static LOADED: AtomicU64 = AtomicU64::new(0);

/// Why a file is no connector that this host can run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error("the file is empty; was it copied whole?")]
    Empty,

    #[error("the file is not WebAssembly; build the connector for the target wasm32-wasip2")]
    NotWasm,

    #[error(
        "the file is a core module, not a component; build for the target wasm32-wasip2, or wrap it with \
         `wasm-tools component new`"
    )]
    CoreModule,

    #[error(
        "the component can't be compiled: it is broken, cut short, or larger than this host takes (its memory may begin with no more than --max-memory)"
    )]
    Invalid {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error(transparent)]
    Compiler(CompilerError),

    #[error(
        "the component imports what this host does not offer; build it with the host's wit/connector.wit"
    )]
    Imports {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error(
        "the component does not export `weld:connector/source@0.1.0` as this host knows it; build it for the world \
         `connector` of the host's wit/connector.wit"
    )]
    Exports {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error("the certificates of its [network] section can't be used")]
    Certificates(#[source] rustls::Error),

    #[error("an instance could not be made")]
    Trial(#[source] Box<CallError>),

    #[error("its start took longer than {TRIAL_TIMEOUT:?}")]
    TrialTimeout,

    #[error("loading was stopped in the middle")]
    Interrupted(#[source] tokio::task::JoinError),
}

/// A connector ready for calls. It lives as long as it is loaded; every call gets a store of its own.
pub(crate) struct Connector {
    name: ConnectorName,
    version: u64,
    limits: Limits,
    environment: Arc<[(String, String)]>,
    /// That of this version's configuration, and that of the newest one's.
    egress: Arc<Egress>,
    current_egress: CurrentEgress,
    engine: Engine,
    code: ConnectorCode,
    turns: Arc<Turns>,
    total_memory: Arc<TotalMemory>,
    cached: bool,
    /// Becomes true when its calls must not go on.
    superseded: watch::Sender<bool>,
}

impl Connector {
    /// Compiles `wasm`, or takes it from the cache, links it and makes one instance to see that it works. Takes over from
    /// `previous`, the version before it, what outlives a version: connections. `source` reads `wasm` again. Dropped before its end, it ends the
    /// compiler.
    ///
    /// # Errors
    ///
    /// [`CompileError`], each with what to do about it.
    pub(crate) async fn load(
        sandbox: &Arc<Sandbox>,
        name: ConnectorName,
        wasm: Wasm,
        source: Source,
        config: ConnectorConfig,
        previous: Option<&Self>,
    ) -> Result<Self, CompileError> {
        let (component, cached) = sandbox.compiled(&wasm).await?;
        let linked = sandbox.link(&component)?;
        let egress = Egress::new(
            name.as_str(),
            &config,
            name.config_file(),
            &sandbox.upstreams,
            previous.map(|previous| previous.egress.as_ref()),
        )
        .map(Arc::new)
        .map_err(CompileError::Certificates)?;
        let current_egress = previous.map_or_else(
            || CurrentEgress::new(egress.clone()),
            |previous| previous.current_egress.clone(),
        );
        let connector = Self {
            name,
            version: LOADED.fetch_add(1, Ordering::Relaxed),
            limits: config.limits,
            environment: config.env.into(),
            egress,
            current_egress,
            engine: sandbox.engine.clone(),
            code: ConnectorCode::new(sandbox, wasm.key().clone(), source, linked),
            turns: sandbox.turns.clone(),
            total_memory: sandbox.total_memory.clone(),
            cached,
            superseded: watch::Sender::new(false),
        };
        connector.try_once(sandbox).await?;
        Ok(connector)
    }

    async fn try_once(&self, sandbox: &Sandbox) -> Result<(), CompileError> {
        // The semaphore is never closed.
        let _permit = sandbox.loading.acquire().await;
        match tokio::time::timeout(TRIAL_TIMEOUT, self.try_instantiating()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(CallError::Sandbox { source })) => Err(CompileError::Exports { source }),
            Ok(Err(error)) => Err(CompileError::Trial(Box::new(error))),
            Err(_) => Err(CompileError::TrialTimeout),
        }
    }

    pub(crate) fn name(&self) -> &ConnectorName {
        &self.name
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether the compiled code came from the cache.
    pub(crate) fn cached(&self) -> bool {
        self.cached
    }

    pub(super) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    pub(super) fn shared_environment(&self) -> Arc<[(String, String)]> {
        self.environment.clone()
    }

    pub(super) fn egress(&self) -> CurrentEgress {
        self.current_egress.clone()
    }

    /// What must not be shown of this connector.
    pub(crate) fn secrets(&self) -> &Secrets {
        self.egress.secrets()
    }

    /// Becomes the newest version: from now on the calls of all versions reach the network by its rules.
    pub(crate) fn take_over(&self) {
        self.current_egress.set(self.egress.clone());
    }

    /// The number of this version, which no other one of any connector has.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Asks for the end of all calls of this version, since there are too many newer ones.
    pub(crate) fn supersede(&self) {
        self.superseded.send_replace(true);
    }

    /// Waits until this version is [superseded](Self::supersede).
    pub(crate) async fn superseded(&self) {
        // The sender lives as long as `self`, so an error can't come.
        let _ = self
            .superseded
            .subscribe()
            .wait_for(|superseded| *superseded)
            .await;
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn turns(&self) -> Arc<Turns> {
        self.turns.clone()
    }

    pub(super) fn total_memory(&self) -> Arc<TotalMemory> {
        self.total_memory.clone()
    }

    /// Its code, for one call.
    ///
    /// # Errors
    ///
    /// [`CodeError`] where it was given back and does not come again.
    pub(super) async fn linked(&self) -> Result<Arc<Linked>, CodeError> {
        self.code.linked().await
    }

    /// For how long no call has begun; none where the code is given back already.
    pub(crate) fn unused_for(&self) -> Option<Duration> {
        self.code.unused_for()
    }

    /// Gives back the memory maps of its code and the memory of its idle sandboxes, until the next call, where the cache
    /// has the code. Whether it did. Blocks for some milliseconds.
    pub(crate) fn give_back(&self) -> bool {
        self.code.give_back()
    }
}
