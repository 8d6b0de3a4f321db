//! A connector that runs natively: its configuration, its way to the network, and its worker.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio::time::Instant;
use weld_protocol::PageRequest;

use super::call::CallHost;
use super::command::WorkerCommand;
use super::environment::WorkerEnvironment;
use super::fault::NativeFault;
use super::message::WorkerCall;
use super::page::{self, NativeReply};
use super::process_group::ProcessGroup;
use super::schema;
use super::worker::Worker;
use crate::account::HostAccount;
use crate::config::{ConnectorName, Limits};
use crate::guest_error::GuestError;
use crate::scope::{CallScope, Deadline, DeadlineReason};
use crate::waits::{Waits, between_pages};

/// The memory that requests and responses may hold, in bytes.
const MAX_HELD_BYTES: u64 = 1 << 30;

/// A connector that runs natively. It makes one call at a time.
pub(super) struct NativeConnector {
    name: ConnectorName,
    host: CallHost,
    limits: Limits,
    env: Vec<(String, String)>,
    command: WorkerCommand,
    environment: WorkerEnvironment,
    group: ProcessGroup,
    account: Arc<HostAccount>,
    /// The worker between calls. A call takes it, so that it ends with a call that fails or is dropped.
    worker: tokio::sync::Mutex<Option<Worker>>,
}

/// The parts of a connector, each with its origin.
pub(super) struct ConnectorParts {
    pub(super) name: ConnectorName,
    pub(super) host: CallHost,
    pub(super) limits: Limits,
    /// `[env]`.
    pub(super) env: Vec<(String, String)>,
    pub(super) command: WorkerCommand,
    pub(super) environment: WorkerEnvironment,
    pub(super) group: ProcessGroup,
}

impl NativeConnector {
    pub(super) fn new(parts: ConnectorParts) -> Self {
        Self {
            name: parts.name,
            host: parts.host,
            limits: parts.limits,
            env: parts.env,
            command: parts.command,
            environment: parts.environment,
            group: parts.group,
            account: HostAccount::new(MAX_HELD_BYTES),
            worker: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &ConnectorName {
        &self.name
    }

    /// The answer to a request that came before the time in its mark, and how long it is until then; `None` if the
    /// page may begin.
    pub(super) fn early(&self, request: &PageRequest) -> Option<(NativeReply, Duration)> {
        let now = Timestamp::now();
        let mark = between_pages::bound(request.state.waiting()?, now, &self.limits);
        let left = between_pages::left(&mark, now);
        (!left.is_zero()).then(|| (NativeReply::early(request, &mark), left))
    }

    /// The schema as Weld reads it.
    ///
    /// # Errors
    ///
    /// [`NativeFault`].
    pub(super) async fn schema(&self) -> Result<String, NativeFault> {
        let waits = Arc::default();
        let tables = self.call(None, &waits).await?;
        schema::write(&tables, &self.limits, self.host.egress.secrets())
    }

    /// A page, or an answer that it is put off. `waits` shows what it waits for meanwhile.
    ///
    /// # Errors
    ///
    /// [`NativeFault`].
    pub(super) async fn page(
        &self,
        request: &PageRequest,
        waits: &Arc<Waits>,
    ) -> Result<NativeReply, NativeFault> {
        let arrived = Timestamp::now();
        let page = (request.table.as_str(), request.state.guest());
        match self.call(Some(page), waits).await {
            Ok(value) => page::check(&value, &self.limits, self.host.egress.secrets()),
            Err(NativeFault::Guest(GuestError::RateLimited(asked))) => {
                let refusal = waits.refusal();
                page::put_off(request, asked, refusal.as_ref(), arrived, &self.limits)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Calls the worker, which is started if there is none: for a page of a table after a state, or else for the
    /// schema.
    async fn call(
        &self,
        page: Option<(&str, &str)>,
        waits: &Arc<Waits>,
    ) -> Result<Box<RawValue>, NativeFault> {
        let environment = self.variables(&self.scope(waits)).await;
        let call = match page {
            None => WorkerCall::Schema {
                environment: &environment,
            },
            Some((table, state)) => WorkerCall::FetchPage {
                table,
                state,
                environment: &environment,
            },
        };
        let mut place = self.worker.lock().await;
        let mut worker = match place.take() {
            Some(worker) => worker,
            None => {
                let longest = page::longest_line(&self.limits);
                Worker::start(&self.command, &self.environment, &self.group, longest)?
            }
        };
        worker.call(&call).await?;
        let scope = self.scope(waits);
        let table = page.map(|(table, _)| table);
        let following = self.host.follow(&mut worker, table, &scope);
        let ended = match tokio::time::timeout_at(scope.deadline.at, following).await {
            Ok(ended) => ended,
            Err(_) => Err(NativeFault::Timeout {
                limit: scope.deadline.limit,
                waits_for: waits.current(),
            }),
        };
        // After anything else, the worker may be in the middle of a call.
        if ended.as_ref().err().is_none_or(NativeFault::is_raised) {
            *place = Some(worker);
        }
        ended.map_err(|fault| {
            fault
                .or_credential_failure(scope.network.failed_credential())
                .explained(scope.network.untold())
        })
    }

    /// The connector's variables, including those from the answers to its credentials' token requests.
    async fn variables(&self, scope: &CallScope) -> Vec<(String, String)> {
        let obtained = self.host.egress.variables(scope).await;
        let is_kept = |(name, _): &&(String, String)| !obtained.iter().any(|(own, _)| own == name);
        let own = self.env.iter().filter(is_kept).cloned();
        own.chain(obtained.iter().cloned()).collect()
    }

    fn scope(&self, waits: &Arc<Waits>) -> Arc<CallScope> {
        let limit = self.limits.page_timeout;
        let deadline = Deadline::new(Instant::now(), limit, DeadlineReason::PageTimeout);
        let scope = CallScope::new(&self.limits, deadline, waits.clone(), &self.account);
        Arc::new(scope)
    }

    /// Lets the worker end.
    pub(super) async fn close(&self) {
        if let Some(worker) = self.worker.lock().await.take() {
            worker.end().await;
        }
        self.group.kill();
    }
}
