//! One version of a connector: its program and its configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use tokio::sync::watch;

use super::journal::CallJournal;
use crate::account::HostAccount;
use crate::config::{ConnectorConfig, ConnectorName, Credential, Limits};
use crate::egress::{CurrentEgress, Egress, Upstreams};
use crate::sandbox::{CallError, CallSetup, GuestPage, GuestSchema, Program};
use crate::scope::CallScope;
use crate::secrets::Secrets;

/// Counts the versions of all connectors.
static LOADED: AtomicU64 = AtomicU64::new(0);

/// One version of a connector, ready for calls. It lives as long as the registry or a call holds it.
pub(crate) struct Connector {
    version: u64,
    program: Program,
    /// Its calls use the network rules of the newest version.
    setup: CallSetup,
    /// The network access of this version's own configuration.
    egress: Arc<Egress>,
    component: ComponentFacts,
    /// Whether a credential is renewed with a refresh token.
    has_refresh_token: bool,
    loaded_at: Timestamp,
    journal: Arc<CallJournal>,
    /// Becomes true when the calls of this version must end.
    superseded: watch::Sender<bool>,
}

/// What is known about a component's file.
#[derive(Debug, Clone)]
pub(crate) struct ComponentFacts {
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub(crate) digest: Arc<str>,
    /// The programming language that it was written in, if its toolchain recorded that.
    pub(crate) language: Option<String>,
}

impl Connector {
    /// Creates a connector from this program and configuration. Messages call the configuration `config_file`. It takes over from `previous`, the version before it,
    /// what all versions share: connections, secrets, tokens.
    ///
    /// # Errors
    ///
    /// The certificates in the configuration can't be used.
    pub(super) fn new(
        name: ConnectorName,
        program: Program,
        (config, config_file): (ConnectorConfig, String),
        component: ComponentFacts,
        upstreams: &Upstreams,
        previous: Option<&Self>,
    ) -> Result<Self, rustls::Error> {
        let egress = Arc::new(Egress::new(
            name.as_str(),
            &config,
            config_file.clone(),
            upstreams,
            previous.map(|previous| previous.egress.as_ref()),
        )?);
        let has_refresh_token = config.credentials.iter().any(Credential::has_refresh_token);
        let setup = CallSetup {
            name,
            config_file,
            limits: config.limits,
            environment: config.env.into(),
            egress: previous.map_or_else(
                || CurrentEgress::new(egress.clone()),
                |previous| previous.setup.egress.clone(),
            ),
            secrets: egress.secrets().clone(),
        };
        Ok(Self {
            version: LOADED.fetch_add(1, Ordering::Relaxed),
            program,
            setup,
            egress,
            component,
            has_refresh_token,
            loaded_at: Timestamp::now(),
            journal: previous.map_or_else(Arc::default, |previous| previous.journal.clone()),
            superseded: watch::Sender::new(false),
        })
    }

    /// Calls the export `schema`.
    ///
    /// # Errors
    ///
    /// Any [`CallError`] except those about a page's size.
    pub(crate) async fn schema(&self, scope: &Arc<CallScope>) -> Result<GuestSchema, CallError> {
        self.program.schema(&self.setup, scope).await
    }

    /// Calls the export `fetch-page`. The state is the JSON object of the table's last page, or `{}` for its first.
    ///
    /// # Errors
    ///
    /// Any [`CallError`].
    pub(crate) async fn fetch_page(
        &self,
        table: &str,
        state: &str,
        scope: &Arc<CallScope>,
    ) -> Result<GuestPage, CallError> {
        let page = self.program.fetch_page(&self.setup, table, state, scope);
        page.await
    }

    /// Runs `work` on `bytes` bytes that the guest returned, as part of the call of this scope.
    ///
    /// # Errors
    ///
    /// A [`CallError`] about time.
    pub(crate) async fn work<R: Send + 'static>(
        &self,
        scope: &Arc<CallScope>,
        bytes: usize,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, CallError> {
        self.program.work(&self.setup, scope, bytes, work).await
    }

    /// Runs `work` on `bytes` bytes of a request for this connector, before there is a call.
    ///
    /// # Errors
    ///
    /// The host shuts down in the meantime.
    pub(crate) async fn work_aside<R: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, CallError> {
        self.program.work_aside(&self.setup, bytes, work).await
    }

    /// Creates an instance and drops it.
    ///
    /// # Errors
    ///
    /// As for any call: a start function may trap, too.
    pub(super) async fn try_instantiating(&self) -> Result<(), CallError> {
        self.program.try_instantiating(&self.setup).await
    }

    /// The memory account of all calls.
    pub(crate) fn host_account(&self) -> &Arc<HostAccount> {
        self.program.host_account()
    }

    pub(crate) fn name(&self) -> &ConnectorName {
        &self.setup.name
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.setup.limits
    }

    /// The values that must not be shown, for this connector.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.setup.secrets
    }

    /// What is known about its component.
    pub(crate) fn component(&self) -> &ComponentFacts {
        &self.component
    }

    /// Whether a credential is renewed with a refresh token.
    pub(crate) fn has_refresh_token(&self) -> bool {
        self.has_refresh_token
    }

    /// When this version was loaded.
    pub(crate) fn loaded_at(&self) -> Timestamp {
        self.loaded_at
    }

    /// The results of the calls of all its versions.
    pub(crate) fn journal(&self) -> &CallJournal {
        &self.journal
    }

    /// The network access of this version.
    pub(super) fn egress(&self) -> &Egress {
        &self.egress
    }

    /// The program that it runs.
    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    /// The number of this version, unique among all connectors.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Makes this the newest version: from now on the calls of all versions use its network rules.
    pub(super) fn take_over(&self) {
        self.setup.egress.set(self.egress.clone());
    }

    /// Asks all calls of this version to end, since there are too many newer versions.
    pub(super) fn supersede(&self) {
        self.superseded.send_replace(true);
    }

    /// Waits until this version is [superseded](Self::supersede).
    pub(crate) async fn superseded(&self) {
        // The sender lives as long as `self`, so this can't be an error.
        let _ = self
            .superseded
            .subscribe()
            .wait_for(|superseded| *superseded)
            .await;
    }
}
