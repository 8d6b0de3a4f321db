//! Requests whose key can't be judged yet, since their connector's configuration is still being read.
//!
//! They wait for that as other requests wait for the compiler. They may be strangers', so they take no places, and only so
//! many wait at once.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::connectors::ConnectorError;

/// How many of them wait at once. Further ones are refused.
const MOST: usize = 64;

/// The requests that wait.
#[derive(Debug)]
pub(super) struct UnjudgedWaits(Semaphore);

impl UnjudgedWaits {
    /// No request waits.
    pub(super) fn new() -> Self {
        Self(Semaphore::new(MOST))
    }

    /// Lets a request wait until the permit is dropped, if the connector is still loading.
    ///
    /// # Errors
    ///
    /// `failure`, if the connector failed to load, or enough requests wait.
    pub(super) fn enter(
        &self,
        failure: ConnectorError,
    ) -> Result<SemaphorePermit<'_>, ConnectorError> {
        match self.0.try_acquire() {
            Ok(permit) if matches!(failure, ConnectorError::Loading) => Ok(permit),
            _ => Err(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_wait_and_only_for_a_connector_that_loads() {
        let waits = UnjudgedWaits::new();
        let enter = || waits.enter(ConnectorError::Loading);
        let mut waiting: Vec<_> = (0..MOST).map(|_| enter().unwrap()).collect();
        assert!(matches!(enter(), Err(ConnectorError::Loading)));
        waiting.pop();
        let failed = ConnectorError::Unavailable {
            reason: "invalid".into(),
            may_pass: false,
        };
        assert!(matches!(
            waits.enter(failed),
            Err(ConnectorError::Unavailable { .. })
        ));
        assert!(enter().is_ok());
    }
}
