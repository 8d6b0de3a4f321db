//! One call: a store made for it, one export run in it, the store dropped.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use super::connector::Connector;
use super::cpu::CpuClock;
use super::error::{CallError, Circumstances, GuestError};
use super::limits::MemoryLimiter;
use super::turns::InTurn;
use crate::bindings::{self, source};
use crate::imports::{CallLog, GuestStream, Imports};
use crate::scope::CallScope;

/// How many resources of WASI's one call may have at once: streams, pollables, requests, headers. The host keeps up to
/// some hundred bytes for each.
const MAX_RESOURCES: usize = 10_000;

/// How many handles one call may have at once, also to resources of its own, which take no more of the host than that.
const MAX_HANDLES: usize = 100_000;

/// A page as the guest handed it over: sizes checked, JSON not.
#[derive(Debug)]
pub(crate) struct GuestPage {
    /// A JSON array of objects, if the guest keeps to the contract.
    pub(crate) insert: String,
    /// A JSON object or `null`, if the guest keeps to the contract.
    pub(crate) state: String,
    pub(crate) has_more: bool,
    /// How long the guest asks to wait before the next page.
    pub(crate) wait: Option<Duration>,
}

/// What the store of one call holds.
pub(super) struct CallState {
    wasi: WasiCtx,
    table: ResourceTable,
    imports: Imports,
    memory: MemoryLimiter,
}

impl CallState {
    pub(super) fn imports(&mut self) -> &mut Imports {
        &mut self.imports
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.imports.wasi_http(&mut self.table)
    }
}

impl Connector {
    /// Calls the export `schema`.
    ///
    /// # Errors
    ///
    /// Every [`CallError`] but those of a page's size.
    pub(crate) async fn schema(
        &self,
        scope: &Arc<CallScope>,
    ) -> Result<Vec<source::Table>, CallError> {
        self.call(scope, None, async |store, guest| {
            guest.weld_connector_source().call_schema(store).await
        })
        .await
    }

    /// Calls the export `fetch-page` with the JSON object of the table's last page, `{}` on its first.
    ///
    /// # Errors
    ///
    /// Every [`CallError`].
    pub(crate) async fn fetch_page(
        &self,
        table: &str,
        state: &str,
        scope: &Arc<CallScope>,
    ) -> Result<GuestPage, CallError> {
        let state = state.to_owned();
        let page = self
            .call(scope, Some(table), async |store, guest| {
                let source = guest.weld_connector_source();
                source.call_fetch_page(store, table, &state).await
            })
            .await?;
        let limits = self.limits();
        if page.insert.len() as u64 > limits.max_page_bytes {
            return Err(CallError::PageTooLarge {
                bytes: page.insert.len(),
                limit_bytes: limits.max_page_bytes,
            });
        }
        if page.state.len() as u64 > limits.max_state_bytes {
            return Err(CallError::StateTooLarge {
                bytes: page.state.len(),
                limit_bytes: limits.max_state_bytes,
            });
        }
        Ok(GuestPage {
            insert: page.insert,
            state: page.state,
            has_more: page.has_more,
            wait: page.wait.map(|wait| Duration::from_millis(wait.into())),
        })
    }

    /// Makes an instance and drops it: the proof that calls can be made. Wrong export types show only here.
    ///
    /// # Errors
    ///
    /// As any call: a start function may trap, too.
    pub(super) async fn try_instantiating(&self) -> Result<(), CallError> {
        let scope = Arc::new(CallScope::of_a_page(self.limits()));
        self.call(&scope, None, async |_, _| Ok(Ok(()))).await
    }

    /// Runs `export` in an instance of its own, under every limit of the connector.
    async fn call<R>(
        &self,
        scope: &Arc<CallScope>,
        table: Option<&str>,
        export: impl AsyncFnOnce(
            &mut Store<CallState>,
            &bindings::Connector,
        ) -> wasmtime::Result<Result<R, source::Error>>,
    ) -> Result<R, CallError> {
        let limits = self.limits();
        let log = CallLog::new(self.name(), limits.max_log_lines, self.secrets().clone());
        let clock = CpuClock::new(limits.cpu_time);
        let deadline = scope.deadline;
        let linked = tokio::time::timeout_at(deadline.at, self.linked())
            .await
            .map_err(|_| CallError::timeout(deadline, None))??;
        let mut store = self.store(&log, &clock, scope);
        let mut instantiated = false;
        let (ended, waits_for) = {
            let call = async {
                let guest = linked.instantiate_async(&mut store).await?;
                instantiated = true;
                export(&mut store, &guest).await
            };
            let (turns, name) = (self.turns(), self.name().clone());
            let mut running = pin!(InTurn::new(turns, name, clock.clone(), call));
            let ended = tokio::time::timeout_at(deadline.at, running.as_mut()).await;
            // Asked before the call is dropped, and its waits with it.
            (ended, scope.waits.current())
        };
        log.finish();
        tracing::debug!(cpu_time = ?clock.used(), "call ended");
        let Ok(result) = ended else {
            return Err(CallError::timeout(deadline, waits_for));
        };
        let result = match result {
            Ok(answer) => answer
                .map_err(|error| GuestError::new(error, self.name(), table, self.secrets()).into()),
            Err(error) => {
                let circumstances = Circumstances {
                    instantiated,
                    memory_refused: store.data().memory.refused(),
                    cpu_limit: limits.cpu_time,
                    stderr_tail: log.stderr_tail(),
                };
                Err(CallError::classify(error, &circumstances))
            }
        };
        result.map_err(|error| error.or_of_a_credential(scope.network.failed_credential()))
    }

    fn store(
        &self,
        log: &CallLog,
        clock: &Arc<CpuClock>,
        scope: &Arc<CallScope>,
    ) -> Store<CallState> {
        let limits = self.limits();
        let wasi = WasiCtxBuilder::new()
            .envs(self.environment())
            .stdout(GuestStream::stdout(log))
            .stderr(GuestStream::stderr(log))
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        let state = CallState {
            wasi,
            table,
            imports: Imports::new(
                self.shared_environment(),
                self.egress(),
                scope.clone(),
                log.clone(),
            ),
            memory: MemoryLimiter::new(limits.memory_bytes, self.total_memory()),
        };
        let mut store = Store::new(self.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_max_component_handles(MAX_HANDLES);
        // Twice the caps, so that our own check answers first, and a hostile value still can't exhaust the host.
        let most = limits
            .max_page_bytes
            .saturating_add(limits.max_state_bytes)
            .max(limits.max_request_bytes)
            .saturating_mul(2);
        store.set_hostcall_fuel(usize::try_from(most).unwrap_or(usize::MAX));
        let clock = clock.clone();
        store.epoch_deadline_callback(move |_| {
            clock.interrupt()?;
            Ok(UpdateDeadline::Yield(1))
        });
        store.set_epoch_deadline(1);
        store
    }
}
