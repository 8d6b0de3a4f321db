//! The first instance of a connector. Broken exports and start functions are found only here.

use std::time::Duration;

use super::connector::Connector;
use super::error::LoadFault;
use crate::sandbox::{CallError, CompileError, Runtime};

/// How long the first instance may take while others wait. The slowest one measured, Python's, takes half a
/// millisecond.
const USUAL_TIME: Duration = Duration::from_millis(250);

/// The maximum time for the first instance, whatever the connector's own `page-timeout`.
const TRIAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Creates one instance and drops it. If it takes longer than usual, `is_slow` is called and the instance is created
/// again with the longer limit.
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
