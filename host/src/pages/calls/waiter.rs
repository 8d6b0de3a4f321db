//! A request that waits for a call.

use std::future::{Future, poll_fn};
use std::hash::Hash;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::watch;

use super::entry::CallHandle;
use super::home::HomeTask;
use super::outcome::SharedOutcome;
use super::registry::CallRegistry;

use crate::waits::Waits;

/// The call ended without an outcome because it panicked.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::pages) struct CallPanic;

/// The place of a request that waits for a call, or that the call's outcome is being written to. Dropping it gives up
/// the place and breaks off the delivery.
pub(in crate::pages) struct Waiter<K: Eq + Hash + Clone, T> {
    shared: Arc<CallRegistry<K, T>>,
    key: K,
    id: u64,
    outcome: watch::Receiver<Option<T>>,
    waits: Arc<Waits>,
    joined: bool,
    /// The call's task, if this request began it. [`Self::outcome`] polls it; once the request leaves, it is
    /// spawned.
    task: Option<HomeTask>,
    delivering: bool,
}

impl<K: Eq + Hash + Clone, T> Waiter<K, T> {
    pub(super) fn new(
        shared: Arc<CallRegistry<K, T>>,
        key: K,
        handle: CallHandle<T>,
        task: Option<HomeTask>,
    ) -> Self {
        Self {
            shared,
            key,
            id: handle.id,
            outcome: handle.outcome,
            waits: handle.waits,
            joined: task.is_none(),
            task,
            delivering: false,
        }
    }

    /// Whether the call existed before.
    pub(in crate::pages) fn has_joined(&self) -> bool {
        self.joined
    }

    /// The waits of the call.
    pub(in crate::pages) fn waits(&self) -> &Arc<Waits> {
        &self.waits
    }

    /// The end of the outcome is about to be written. From now on no request may find it: a client that has received
    /// everything may ask again before anything is noticed here.
    pub(in crate::pages) fn delivering(&mut self) {
        self.delivering = self.shared.table().withdraw(&self.key, self.id);
    }

    /// The outcome has completely reached its client. Only the present waiters still need it.
    pub(in crate::pages) fn delivered(mut self) {
        let _gone = self.shared.table().remove(&self.key, self.id);
        // It only waited to forget the outcome.
        self.task = None;
    }

    /// Lets the call go on without this request.
    pub(super) fn leave_task(&mut self) {
        if let Some(task) = self.task.take() {
            task.leave();
        }
    }
}

impl<K: Eq + Hash + Clone, T: SharedOutcome> Waiter<K, T> {
    /// Waits for the outcome.
    ///
    /// # Errors
    ///
    /// [`CallPanic`].
    pub(in crate::pages) async fn outcome(&mut self) -> Result<T, CallPanic> {
        let task = &mut self.task;
        let mut came = pin!(self.outcome.wait_for(Option::is_some));
        let came = poll_fn(|context| {
            if task
                .as_mut()
                .is_some_and(|task| task.poll(context).is_ready())
            {
                *task = None;
            }
            came.as_mut().poll(context)
        });
        let came = came.await;
        came.map_err(|_| CallPanic)?.clone().ok_or(CallPanic)
    }
}

impl<K: Eq + Hash + Clone, T> Drop for Waiter<K, T> {
    fn drop(&mut self) {
        let mut table = self.shared.table();
        let mut gone = Vec::new();
        if self.delivering {
            gone = table.restore(&self.key, self.id);
        }
        gone.append(&mut table.leave(&self.key, self.id));
        drop(table);
        drop(gone);
        self.leave_task();
    }
}
