//! One call or its outcome, as an entry of the table.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::outcome::Retention;
use crate::waits::Waits;

/// One call or its outcome.
pub(super) struct CallEntry<T> {
    pub(super) id: u64,
    pub(super) stage: CallStage,
    /// Dropped with the entry; its task notices that.
    watchers: watch::Sender<usize>,
    /// `None` while somebody waits.
    unwatched_since: Option<Instant>,
    outcome: watch::Receiver<Option<T>>,
    pub(super) waits: Arc<Waits>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum CallStage {
    Running,
    Finished { bytes: u64, keeping: Retention },
}

/// The parts of an entry that a waiting request needs.
pub(super) struct CallHandle<T> {
    pub(super) id: u64,
    pub(super) outcome: watch::Receiver<Option<T>>,
    pub(super) waits: Arc<Waits>,
}

impl<T> CallEntry<T> {
    /// A new call with one waiter. Also returns the receiver of the number of its waiters.
    pub(super) fn new(
        id: u64,
        outcome: watch::Receiver<Option<T>>,
        waits: Arc<Waits>,
    ) -> (Self, watch::Receiver<usize>) {
        let watchers = watch::Sender::new(1);
        let watched = watchers.subscribe();
        let entry = Self {
            id,
            stage: CallStage::Running,
            watchers,
            unwatched_since: None,
            outcome,
            waits,
        };
        (entry, watched)
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.stage, CallStage::Running)
    }

    /// Since when nobody has waited; `None` while somebody does.
    pub(super) fn unwatched_since(&self) -> Option<Instant> {
        self.unwatched_since
    }

    pub(super) fn handle(&self) -> CallHandle<T> {
        CallHandle {
            id: self.id,
            outcome: self.outcome.clone(),
            waits: self.waits.clone(),
        }
    }

    pub(super) fn watch(&mut self) {
        self.unwatched_since = None;
        self.watchers.send_modify(|watchers| *watchers += 1);
    }

    pub(super) fn leave(&mut self) {
        self.watchers
            .send_modify(|watchers| *watchers = watchers.saturating_sub(1));
        if *self.watchers.borrow() == 0 {
            self.unwatched_since = Some(Instant::now());
        }
    }

    /// The call has ended. From now on the time of its outcome counts, even if nobody has waited for long.
    pub(super) fn finish(&mut self, bytes: u64, keeping: Retention) {
        self.stage = CallStage::Finished { bytes, keeping };
        self.unwatched_since = self.unwatched_since.map(|_| Instant::now());
    }
}
