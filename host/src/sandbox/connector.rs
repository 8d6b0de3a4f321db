//! A connector that calls can be made on: compiled, linked, tried once.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Engine, Store};

use super::call::CallState;
use super::engine::Sandbox;
use super::error::CallError;
use crate::bindings::{self, ConnectorPre};
use crate::config::{ConnectorConfig, ConnectorName, Limits};
use crate::egress::Egress;

/// The longest that the trial instantiation of a load may take, whatever the connector's own `page-timeout`. The
/// slowest one measured, Python's, takes half a millisecond.
const TRIAL_TIMEOUT: Duration = Duration::from_secs(5);

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

    #[error("the compiler was stopped in the middle")]
    Interrupted(#[source] tokio::task::JoinError),
}

/// A connector ready for calls. It lives as long as it is loaded; every call gets a store of its own.
pub(crate) struct Connector {
    name: ConnectorName,
    limits: Limits,
    environment: Arc<[(String, String)]>,
    egress: Arc<Egress>,
    engine: Engine,
    pre: ConnectorPre<CallState>,
    cached: bool,
}

impl Connector {
    /// Compiles `wasm`, or takes it from the cache, links it and makes one instance to see that it works.
    ///
    /// Compilation runs on a thread for blocking work.
    ///
    /// # Errors
    ///
    /// [`CompileError`], each with what to do about it.
    pub(crate) async fn load(
        sandbox: &Arc<Sandbox>,
        name: ConnectorName,
        wasm: Vec<u8>,
        config: ConnectorConfig,
    ) -> Result<Self, CompileError> {
        let compiling = sandbox.clone();
        let (component, cached) = tokio::task::spawn_blocking(move || compile(&compiling, &wasm))
            .await
            .map_err(CompileError::Interrupted)??;
        let pre = sandbox
            .linker
            .instantiate_pre(&component)
            .map_err(|error| CompileError::Imports {
                source: error.into_boxed_dyn_error(),
            })?;
        let pre = ConnectorPre::new(pre).map_err(|error| CompileError::Exports {
            source: error.into_boxed_dyn_error(),
        })?;
        let egress = Egress::new(
            name.as_str(),
            &config,
            name.config_file(),
            sandbox.network.clone(),
            &sandbox.tls,
        )
        .map_err(CompileError::Certificates)?;
        let connector = Self {
            name,
            limits: config.limits,
            environment: config.env.into(),
            egress: Arc::new(egress),
            engine: sandbox.engine.clone(),
            pre,
            cached,
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

    pub(super) fn egress(&self) -> Arc<Egress> {
        self.egress.clone()
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) async fn instance(
        &self,
        store: &mut Store<CallState>,
    ) -> wasmtime::Result<bindings::Connector> {
        self.pre.instantiate_async(store).await
    }
}

fn compile(sandbox: &Sandbox, wasm: &[u8]) -> Result<(Component, bool), CompileError> {
    check_kind(wasm)?;
    if let Some(cache) = &sandbox.cache
        && let Some(component) = cache.get(&sandbox.engine, wasm)
    {
        return Ok((component, true));
    }
    let component =
        Component::from_binary(&sandbox.engine, wasm).map_err(|error| CompileError::Invalid {
            source: error.into_boxed_dyn_error(),
        })?;
    let mapped = sandbox
        .cache
        .as_ref()
        .and_then(|cache| cache.put(&sandbox.engine, wasm, &component));
    Ok((mapped.unwrap_or(component), false))
}

/// Tells by the first eight bytes what a file is: wasm's magic, then a version whose second half is 0 for a core
/// module and 1 for a component (component model, `design/mvp/Binary.md`).
fn check_kind(wasm: &[u8]) -> Result<(), CompileError> {
    match wasm {
        [] => Err(CompileError::Empty),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(CompileError::CoreModule),
        [0, b'a', b's', b'm', ..] => Ok(()),
        _ => Err(CompileError::NotWasm),
    }
}
