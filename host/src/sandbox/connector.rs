//! One version of a connector: a program with its configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use wasmtime::Engine;

use super::code::CodeError;
use super::error::CallError;
use super::limits::TotalMemory;
use super::linker::Blueprint;
use super::program::Program;
use super::turns::Turns;
use crate::config::{ConnectorConfig, ConnectorName, Limits};
use crate::egress::{CurrentEgress, Egress};
use crate::secrets::Secrets;

/// Counts the versions of all connectors.
static LOADED: AtomicU64 = AtomicU64::new(0);

/// A connector ready for calls. It lives as long as it is loaded; every call gets a store of its own.
pub(crate) struct Connector {
    name: ConnectorName,
    version: u64,
    limits: Limits,
    environment: Arc<[(String, String)]>,
    /// That of this version's configuration, and that of the newest one's.
    egress: Arc<Egress>,
    current_egress: CurrentEgress,
    program: Program,
    /// Becomes true when its calls must not go on.
    superseded: watch::Sender<bool>,
}

impl Connector {
    /// A connector of this program. `egress` is that of this version; takes over from `previous`, the version before it,
    /// what all versions share.
    pub(crate) fn new(
        name: ConnectorName,
        program: Program,
        config: ConnectorConfig,
        egress: Arc<Egress>,
        previous: Option<&Self>,
    ) -> Self {
        let current_egress = previous.map_or_else(
            || CurrentEgress::new(egress.clone()),
            |previous| previous.current_egress.clone(),
        );
        Self {
            name,
            version: LOADED.fetch_add(1, Ordering::Relaxed),
            limits: config.limits,
            environment: config.env.into(),
            egress,
            current_egress,
            program,
            superseded: watch::Sender::new(false),
        }
    }

    /// Makes an instance to see that calls can be made.
    ///
    /// # Errors
    ///
    /// As any call.
    pub(crate) async fn try_once(&self) -> Result<(), CallError> {
        self.try_instantiating().await
    }

    /// The access to the network of this version's configuration.
    pub(crate) fn own_egress(&self) -> &Egress {
        &self.egress
    }

    pub(crate) fn name(&self) -> &ConnectorName {
        &self.name
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether the compiled code came from the cache.
    pub(crate) fn cached(&self) -> bool {
        self.program.cached()
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
        &self.program.engine
    }

    pub(super) fn turns(&self) -> Arc<Turns> {
        self.program.turns.clone()
    }

    pub(super) fn total_memory(&self) -> Arc<TotalMemory> {
        self.program.total_memory.clone()
    }

    /// Its code, for one call.
    ///
    /// # Errors
    ///
    /// [`CodeError`] where it was given back and does not come again.
    pub(super) async fn linked(&self) -> Result<Arc<Blueprint>, CodeError> {
        self.program.code.blueprint().await
    }

    /// For how long no call has begun; none where the code is given back already.
    pub(crate) fn unused_for(&self) -> Option<Duration> {
        self.program.unused_for()
    }

    /// Gives back the memory maps of its code and the memory of its idle sandboxes, until the next call, where the cache
    /// has the code. Whether it did. Blocks for some milliseconds.
    pub(crate) fn give_back(&self) -> bool {
        self.program.give_back()
    }
}
