//! One call or its outcome, as the table has it.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::outcome::Retention;
use crate::waits::Waits;

/// One call or its outcome.
pub(super) struct CallEntry<T> {
    pub(super) id: u64,
    pub(super) stage: CallStage,
    /// Dropped with the entry, which its task notices.
    watchers: watch::Sender<usize>,
    /// None while anybody waits.
    unwatched_since: Option<Instant>,
    outcome: watch::Receiver<Option<T>>,
    pub(super) waits: Arc<Waits>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum CallStage {
    Running,
    Finished { bytes: u64, keeping: Retention },
}

/// What a request that waits needs of an entry.
pub(super) struct CallHandle<T> {
    pub(super) id: u64,
    pub(super) outcome: watch::Receiver<Option<T>>,
    pub(super) waits: Arc<Waits>,
}

impl<T> CallEntry<T> {
    /// A call that has just begun, for which one waits. Also answers how many do from now on.
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

    /// Since when nobody waits; `None` while somebody does.
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

    /// The call has ended. What it ended in counts from now on, also if nobody has waited for long.
    pub(super) fn finish(&mut self, bytes: u64, keeping: Retention) {
        self.stage = CallStage::Finished { bytes, keeping };
        self.unwatched_since = self.unwatched_since.map(|_| Instant::now());
    }
}
