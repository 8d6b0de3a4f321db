//! The requests that are held until the time in their state, before there is a call.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::ConnectorName;
use crate::lock::Mutex;
use crate::waits::Wait;

/// The requests that are held. There are no more of them than connections of clients.
#[derive(Debug, Default)]
pub(super) struct EarlyRequests(Mutex<EarlyList>);

#[derive(Debug, Default)]
struct EarlyList {
    begun: u64,
    waits: HashMap<u64, (ConnectorName, Wait)>,
}

/// A request that is held until this is dropped.
#[must_use]
pub(super) struct EarlyRequest {
    all: Arc<EarlyRequests>,
    number: u64,
}

impl EarlyRequests {
    /// A request for this connector is held.
    pub(super) fn begin(self: &Arc<Self>, connector: &ConnectorName, wait: Wait) -> EarlyRequest {
        let mut list = self.0.lock();
        list.begun = list.begun.wrapping_add(1);
        let number = list.begun;
        list.waits.insert(number, (connector.clone(), wait));
        EarlyRequest {
            all: self.clone(),
            number,
        }
    }

    /// What each held request waits for.
    pub(super) fn waits(&self) -> Vec<(ConnectorName, Wait)> {
        self.0.lock().waits.values().cloned().collect()
    }
}

impl Drop for EarlyRequest {
    fn drop(&mut self) {
        let gone = self.all.0.lock().waits.remove(&self.number);
        drop(gone);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::waits::WaitReason;

    #[test]
    fn request_is_listed_while_it_is_held() {
        let held = Arc::<EarlyRequests>::default();
        let name: ConnectorName = "beers".parse().unwrap();
        let wait = Wait::lasting(WaitReason::Requested, Duration::from_secs(60));
        let (first, second) = (
            held.begin(&name, wait.clone()),
            held.begin(&name, wait.clone()),
        );
        assert_eq!(held.waits().len(), 2);
        drop(first);
        assert_eq!(held.waits(), [(name, wait)]);
        drop(second);
        assert!(held.waits().is_empty());
    }
}
