//! One call: creates a store, runs one export in it, and drops the store.

use std::pin::pin;
use std::sync::Arc;

use wasmtime::Store;

use super::error::{CallError, Circumstances, READ_MESSAGE_BYTES};
use super::handed_over::{GuestPage, GuestSchema};
use super::limits::StoreCharge;
use super::linker::Guest;
use super::program::Program;
use super::setup::CallSetup;
use super::stack::{StackBegin, StackMeter};
use super::store::CallState;
use super::turns::TurnTaker;
use super::workbench::drop_aside;
use crate::bindings::{HandedError, paid_by, payment};
use crate::guest_error::GuestError;
use crate::imports::CallLog;
use crate::report;
use crate::scope::CallScope;

impl Program {
    /// Calls the export `schema`.
    ///
    /// # Errors
    ///
    /// Every [`CallError`] except those about a page's size.
    pub(crate) async fn schema(
        &self,
        setup: &CallSetup,
        scope: &Arc<CallScope>,
    ) -> Result<GuestSchema, CallError> {
        let limit_bytes = setup.limits.max_schema_bytes;
        let environment = environment(setup, scope).await;
        self.call(setup, environment, scope, None, async |store, guest| {
            let schema = guest.schema(store)?;
            let (answer,) = schema.call_async(store, ()).await?;
            Ok(match answer {
                Err(error) => Err(error),
                Ok(tables) => Ok(match payment() {
                    Ok(paid) => GuestSchema::new(tables.read(&scope.cpu).await?, paid, limit_bytes),
                    Err(limit) => Err(CallError::out_of_memory(limit)),
                }),
            })
        })
        .await?
    }

    /// Calls the export `fetch-page` with the state of the table's last page, a JSON object; `{}` for the first page.
    ///
    /// # Errors
    ///
    /// Every [`CallError`].
    pub(crate) async fn fetch_page(
        &self,
        setup: &CallSetup,
        table: &str,
        state: &str,
        scope: &Arc<CallScope>,
    ) -> Result<GuestPage, CallError> {
        let limits = &setup.limits;
        let environment = environment(setup, scope).await;
        self.call(
            setup,
            environment,
            scope,
            Some(table),
            async |store, guest: &Guest| {
                let fetch_page = guest.fetch_page(store)?;
                let (answer,) = fetch_page.call_async(store, (table, state)).await?;
                Ok(match answer {
                    Err(error) => Err(error),
                    Ok(page) => Ok(match payment() {
                        Ok(paid) => GuestPage::new(page.read(&scope.cpu).await?, paid, limits),
                        Err(limit) => Err(CallError::out_of_memory(limit)),
                    }),
                })
            },
        )
        .await?
    }

    /// Creates an instance and drops it, to prove that calls are possible. Only this reveals exports of a wrong type.
    ///
    /// # Errors
    ///
    /// As for any call: a start function may trap, too.
    pub(crate) async fn try_instantiating(&self, setup: &CallSetup) -> Result<(), CallError> {
        let scope = Arc::new(CallScope::of_a_page(&setup.limits, &self.account));
        // A connector that is only tried needs no credentials.
        let environment = setup.environment.clone();
        self.call(setup, environment, &scope, None, async |store, guest| {
            guest.schema(store)?;
            guest.fetch_page(store)?;
            Ok(Ok(()))
        })
        .await
    }

    /// Runs `export` in its own instance, under all limits of the connector.
    async fn call<R>(
        &self,
        setup: &CallSetup,
        environment: Arc<[(String, String)]>,
        scope: &Arc<CallScope>,
        table: Option<&str>,
        export: impl AsyncFnOnce(
            &mut Store<CallState>,
            &Guest,
        ) -> wasmtime::Result<Result<R, HandedError>>,
    ) -> Result<R, CallError> {
        let (name, limits) = (&setup.name, &setup.limits);
        let log = CallLog::new(name, limits.max_log_lines, setup.secrets.clone());
        let clock = scope.cpu.clone();
        let deadline = scope.deadline;
        let blueprint = tokio::time::timeout_at(deadline.at, self.code.blueprint())
            .await
            .map_err(|_| CallError::timeout(deadline, None))??;
        // Declared first, so that it is dropped after the store and its memory.
        let charge = StoreCharge::default();
        let state = CallState::new(setup, environment, scope, &log, charge.clone());
        let stack = StackBegin::default();
        let mut store = state.into_store(&self.engine, limits, &clock, &stack);
        let stack = StackMeter::new(stack, scope.account.clone(), charge.clone());
        let mut instantiated = false;
        let ended = {
            let call = paid_by(scope.account.clone(), async {
                let guest = blueprint.instantiate(&mut store).await?;
                instantiated = true;
                let error = match export(&mut store, &guest).await? {
                    Ok(answer) => return wasmtime::Result::Ok(Ok(answer)),
                    Err(error) => error,
                };
                // Read and shortened as part of the call: a guest's message may be as long as a page.
                Ok(Err(match payment() {
                    Ok(paid) => {
                        let error = error.read(READ_MESSAGE_BYTES, &scope.cpu).await?;
                        let is_temporary = scope.network.has_temporary_failure();
                        GuestError::new(
                            error,
                            paid,
                            (&setup.config_file, &setup.environment),
                            table,
                            &setup.secrets,
                            is_temporary,
                        )
                        .into()
                    }
                    Err(limit) => CallError::out_of_memory(limit),
                }))
            });
            let mut running = pin!(TurnTaker::new(
                &self.turns,
                name.clone(),
                clock.clone(),
                stack.metered(call)
            ));
            tokio::select! {
                biased;
                // Dropping the call here stops the guest.
                postponement = scope.waits.postponer.postponed() => Err(CallError::Postponed(postponement)),
                ended = tokio::time::timeout_at(deadline.at, running.as_mut()) => {
                    // The current wait is read before the call is dropped, which ends the wait.
                    ended.map_err(|_| CallError::timeout(deadline, scope.waits.current()))
                }
            }
        };
        log.finish();
        tracing::debug!(cpu_ms = report::milliseconds(clock.used()), "call ended");
        let result = match ended? {
            Ok(answer) => answer,
            Err(error) => {
                let circumstances = Circumstances {
                    instantiated,
                    memory_refused: store.data().memory_refused(),
                    cpu_limit: limits.cpu_time,
                    stderr_tail: log.stderr_tail(),
                    crash_detail: self.crash_detail,
                    account: scope.account.clone(),
                };
                Err(CallError::classify(error, &circumstances))
            }
        };
        let last_refused = store.data().memory_last_refused();
        drop_aside(scope.account.owned_bytes(), (store, charge)).await;
        result.map_err(|error| {
            error
                .or_credential_failure(scope.network.failed_credential())
                .explained(scope.network.untold(), last_refused)
        })
    }
}

/// The connector's variables, including those from the answers to its credentials' token requests.
async fn environment(setup: &CallSetup, scope: &CallScope) -> Arc<[(String, String)]> {
    let obtained = setup.egress.get().variables(scope).await;
    if obtained.is_empty() {
        return setup.environment.clone();
    }
    let is_kept = |(name, _): &&(String, String)| !obtained.iter().any(|(own, _)| own == name);
    let own = setup.environment.iter().filter(is_kept).cloned();
    own.chain(obtained.iter().cloned()).collect()
}
