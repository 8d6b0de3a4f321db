//! One call: a store made for it, one export run in it, the store dropped.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::Store;

use super::error::{CallError, Circumstances, GuestError};
use super::handed_over::{GuestPage, GuestSchema, page_cost, schema_cost, text_bytes};
use super::program::Program;
use super::setup::CallSetup;
use super::store::CallState;
use super::turns::TurnTaker;
use crate::bindings::{self, source};
use crate::config::Limits;
use crate::imports::CallLog;
use crate::scope::CallScope;

impl Program {
    /// Calls the export `schema`.
    ///
    /// # Errors
    ///
    /// Every [`CallError`] but those of a page's size.
    pub(crate) async fn schema(
        &self,
        setup: &CallSetup,
        scope: &Arc<CallScope>,
    ) -> Result<GuestSchema, CallError> {
        let limit_bytes = setup.limits.max_schema_bytes;
        let environment = environment(setup, scope).await;
        self.call(setup, environment, scope, None, async |store, guest| {
            let answer = guest.weld_connector_source().call_schema(store).await?;
            Ok(answer.map(|tables| {
                let bytes = text_bytes(&tables);
                if bytes as u64 > limit_bytes {
                    return Err(CallError::SchemaTooLarge { bytes, limit_bytes });
                }
                let charge = scope.account.transit(schema_cost(&tables));
                let charge = charge.map_err(CallError::no_memory)?;
                Ok(GuestSchema { tables, charge })
            }))
        })
        .await?
    }

    /// Calls the export `fetch-page` with the JSON object of the table's last page, `{}` on its first.
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
        let state = state.to_owned();
        let limits = &setup.limits;
        let environment = environment(setup, scope).await;
        self.call(
            setup,
            environment,
            scope,
            Some(table),
            async |store, guest| {
                let source = guest.weld_connector_source();
                let answer = source.call_fetch_page(store, table, &state).await?;
                Ok(answer.map(|page| take_page(page, limits, scope)))
            },
        )
        .await?
    }

    /// Makes an instance and drops it: the proof that calls can be made. Wrong export types show only here.
    ///
    /// # Errors
    ///
    /// As any call: a start function may trap, too.
    pub(crate) async fn try_instantiating(&self, setup: &CallSetup) -> Result<(), CallError> {
        let scope = Arc::new(CallScope::of_a_page(&setup.limits, &self.account));
        // Nobody logs in for a connector that is only tried.
        let environment = setup.environment.clone();
        self.call(setup, environment, &scope, None, async |_, _| Ok(Ok(())))
            .await
    }

    /// Runs `export` in an instance of its own, under every limit of the connector.
    async fn call<R>(
        &self,
        setup: &CallSetup,
        environment: Arc<[(String, String)]>,
        scope: &Arc<CallScope>,
        table: Option<&str>,
        export: impl AsyncFnOnce(
            &mut Store<CallState>,
            &bindings::Connector,
        ) -> wasmtime::Result<Result<R, source::Error>>,
    ) -> Result<R, CallError> {
        let (name, limits) = (&setup.name, &setup.limits);
        let log = CallLog::new(name, limits.max_log_lines, setup.secrets.clone());
        let clock = scope.cpu.clone();
        let deadline = scope.deadline;
        let blueprint = tokio::time::timeout_at(deadline.at, self.code.blueprint())
            .await
            .map_err(|_| CallError::timeout(deadline, None))??;
        let state = CallState::new(setup, environment, scope, &log);
        let mut store = state.into_store(&self.engine, limits, &clock);
        let mut instantiated = false;
        let ended = {
            let call = async {
                let guest = blueprint.instantiate_async(&mut store).await?;
                instantiated = true;
                let answer = export(&mut store, &guest).await?;
                // Cut in the call's own turn: a guest's words may be as long as a page, and are charged to nobody.
                let cut = |error| GuestError::new(error, name, table, &setup.secrets);
                wasmtime::Result::Ok(answer.map_err(cut))
            };
            let mut running = pin!(TurnTaker::new(
                &self.turns,
                name.clone(),
                clock.clone(),
                call
            ));
            tokio::select! {
                biased;
                // Dropped like that, the guest can't go on.
                postponement = scope.waits.postponer.postponed() => Err(CallError::Postponed(postponement)),
                ended = tokio::time::timeout_at(deadline.at, running.as_mut()) => {
                    // Its waits are asked for before the call is dropped, and they with it.
                    ended.map_err(|_| CallError::timeout(deadline, scope.waits.current()))
                }
            }
        };
        log.finish();
        tracing::debug!(cpu_time = ?clock.used(), "call ended");
        let result = match ended? {
            Ok(answer) => answer.map_err(CallError::from),
            Err(error) => {
                let circumstances = Circumstances {
                    instantiated,
                    memory_refused: store.data().memory_refused(),
                    cpu_limit: limits.cpu_time,
                    stderr_tail: log.stderr_tail(),
                    account: scope.account.clone(),
                };
                Err(CallError::classify(error, &circumstances))
            }
        };
        result.map_err(|error| error.or_of_a_credential(scope.network.failed_credential()))
    }
}

/// The connector's variables, with those that its credentials bring.
async fn environment(setup: &CallSetup, scope: &CallScope) -> Arc<[(String, String)]> {
    let brought = setup.egress.get().variables(scope).await;
    if brought.is_empty() {
        return setup.environment.clone();
    }
    let is_kept = |(name, _): &&(String, String)| !brought.iter().any(|(own, _)| own == name);
    let own = setup.environment.iter().filter(is_kept).cloned();
    own.chain(brought.iter().cloned()).collect()
}

/// Charges a page to its call, before anything else is done with it.
fn take_page(
    page: source::Page,
    limits: &Limits,
    scope: &CallScope,
) -> Result<GuestPage, CallError> {
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
    let charge = scope.account.transit(page_cost(&page));
    Ok(GuestPage {
        charge: charge.map_err(CallError::no_memory)?,
        insert: page.insert,
        state: page.state,
        has_more: page.has_more,
        wait: page.wait.map(|wait| Duration::from_millis(wait.into())),
    })
}
