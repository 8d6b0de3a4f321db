//! The state that callers and calls share: the table, and the number of running calls.

use std::sync::{Arc, MutexGuard};

use tokio::sync::watch;

use super::outcome::OutcomeBounds;
use super::table::CallTable;
use crate::lock::Mutex;

/// All calls and outcomes, shared by their callers and their own tasks.
pub(super) struct CallRegistry<K, T> {
    table: Mutex<CallTable<K, T>>,
    /// The number of running calls.
    pub(super) running: watch::Sender<usize>,
}

impl<K, T> CallRegistry<K, T> {
    pub(super) fn new(bounds: OutcomeBounds) -> Self {
        Self {
            table: Mutex::new(CallTable::new(bounds)),
            running: watch::Sender::new(0),
        }
    }

    pub(super) fn table(&self) -> MutexGuard<'_, CallTable<K, T>> {
        self.table.lock()
    }
}

/// Counts as one running call until it is dropped.
pub(super) struct RunningCall<K, T>(Arc<CallRegistry<K, T>>);

impl<K, T> RunningCall<K, T> {
    /// Counts one more running call.
    pub(super) fn begin(shared: &Arc<CallRegistry<K, T>>) -> Self {
        shared.running.send_modify(|running| *running += 1);
        Self(shared.clone())
    }
}

impl<K, T> Drop for RunningCall<K, T> {
    fn drop(&mut self) {
        self.0
            .running
            .send_modify(|running| *running = running.saturating_sub(1));
    }
}
