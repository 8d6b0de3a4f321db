//! The task of one entry.

use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::outcome::{Linger, SharedOutcome};
use super::registry::{CallRegistry, RunningCall};

/// An entry's own task, from the beginning of its call until its outcome is forgotten. Removing the entry from the
/// table ends it.
pub(super) struct CallTask<K: Eq + Hash, T> {
    pub(super) shared: Arc<CallRegistry<K, T>>,
    pub(super) key: K,
    pub(super) id: u64,
    /// The number of waiters. Closed once the entry is out of the table.
    pub(super) watchers: watch::Receiver<usize>,
}

impl<K: Eq + Hash + Clone, T: SharedOutcome> CallTask<K, T> {
    pub(super) async fn run(
        mut self,
        call: impl Future<Output = T>,
        linger: Linger,
        outcome: watch::Sender<Option<T>>,
        running: RunningCall<K, T>,
    ) {
        // Moved in here, so that the call is dropped before it is counted as ended.
        let ended = async move {
            let _running = running;
            call.await
        };
        let came = tokio::select! {
            biased;
            came = ended => came,
            () = self.forgotten(linger.running) => {
                tracing::info!("canceled: nobody is waiting for the call");
                return;
            }
        };
        let (is_kept, gone) = self.shared.table().finish(&self.key, self.id, &came);
        drop(gone);
        outcome.send_replace(Some(came));
        // From here on only the entry and its waiters hold it, so it is freed together with them.
        drop(outcome);
        if is_kept {
            self.forgotten(linger.finished).await;
        }
    }

    /// Waits until nobody has waited for `linger`, or somebody else has removed the entry from the table.
    async fn forgotten(&mut self, linger: Duration) {
        loop {
            if self
                .watchers
                .wait_for(|watchers| *watchers == 0)
                .await
                .is_err()
            {
                return;
            }
            tokio::select! {
                watched = self.watchers.wait_for(|watchers| *watchers > 0) => {
                    if watched.is_err() {
                        return;
                    }
                }
                () = tokio::time::sleep(linger) => {
                    let (is_out, gone) = self.shared.table().remove_unwatched(&self.key, self.id);
                    drop(gone);
                    if is_out {
                        return;
                    }
                }
            }
        }
    }
}

impl<K: Eq + Hash, T> Drop for CallTask<K, T> {
    /// A call that panics removes its entry.
    fn drop(&mut self) {
        let _gone = self.shared.table().remove(&self.key, self.id);
    }
}
