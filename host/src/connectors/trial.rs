//! The first instance of a connector: broken exports and start functions show only here.

use std::time::Duration;

use super::connector::Connector;
use super::error::LoadFault;
use crate::sandbox::{CallError, CompileError, Runtime};

/// How long the first instance may take beside others. The slowest one measured, Python's, takes half a millisecond.
const USUAL_TIME: Duration = Duration::from_millis(250);

/// The longest that the first instance may take, whatever the connector's own `page-timeout`.
const TRIAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes one instance, and drops it. One that takes longer than the others is made once more, among those that do: it
/// calls `is_slow` before.
pub(super) async fn try_once(
    runtime: &Runtime,
    connector: &Connector,
    is_slow: impl FnOnce(),
) -> Result<(), LoadFault> {
    let mut tried = within(USUAL_TIME, runtime, connector).await;
    if tried.is_none() {
        is_slow();
        tried = within(TRIAL_TIMEOUT, runtime, connector).await;
    }
    match tried {
        Some(Ok(())) => Ok(()),
        Some(Err(CallError::Sandbox { source })) => Err(CompileError::Exports { source }.into()),
        Some(Err(error)) => Err(LoadFault::Trial(Box::new(error))),
        None => Err(LoadFault::TrialTimeout {
            limit: TRIAL_TIMEOUT,
        }),
    }
}

/// `None` if it takes longer than `limit`.
async fn within(
    limit: Duration,
    runtime: &Runtime,
    connector: &Connector,
) -> Option<Result<(), CallError>> {
    let _slot = runtime.loading_slot(limit > USUAL_TIME).await;
    let tried = tokio::time::timeout(limit, connector.try_instantiating()).await;
    tried.ok()
}
