//! Frees what idle connectors hold, so that a thousand of them cost little more than those in use.
//!
//! There are two reasons to choose a connector. It was not called for a time that the operator sets. Or idle
//! sandboxes hold more than a certain share of the memory that all sandboxes may take; then the connectors whose last
//! call is the longest ago are chosen, however recent it is. Idle sandboxes keep their memory for the next call, up
//! to as many as were ever in use at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::connector::Connector;
use super::registry::Connectors;
use crate::sandbox::{IDLE_SHARE, Runtime};

/// How often it looks, unless the configured time is shorter.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Frees memory, once it runs.
pub struct IdleReclaimer {
    connectors: Arc<Connectors>,
    runtime: Arc<Runtime>,
}

impl IdleReclaimer {
    pub(super) fn new(connectors: Arc<Connectors>, runtime: Arc<Runtime>) -> Self {
        Self {
            connectors,
            runtime,
        }
    }

    /// Looks at intervals, forever. `after` is how long a connector keeps its code without a call; while it is `None`, nothing
    /// is freed.
    pub async fn run(self, mut after: watch::Receiver<Option<Duration>>) {
        loop {
            let now = *after.borrow_and_update();
            match now {
                Some(time) => tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY.min(time)) => self.look(time).await,
                    Ok(()) = after.changed() => {}
                },
                None => {
                    if after.changed().await.is_err() {
                        return std::future::pending().await;
                    }
                }
            }
        }
    }

    async fn look(&self, after: Duration) {
        let held: Vec<(Duration, Arc<Connector>)> = self
            .connectors
            .all()
            .into_iter()
            .filter_map(|connector| Some((connector.program().unused_for()?, connector)))
            .collect();
        let runtime = self.runtime.clone();
        let freed = spawn_blocking(move || {
            let most = runtime.account().limit_bytes() / IDLE_SHARE;
            let is_too_much = || runtime.idle_memory_bytes() > most;
            choose(held, after, is_too_much)
                .filter(|connector| connector.program().give_back())
                .count()
        });
        match freed.await {
            Ok(0) => {}
            Ok(connectors) => {
                tracing::debug!(connectors, "freed the code of idle connectors");
            }
            Err(error) => tracing::error!(%error, "freeing what idle connectors hold ended early"),
        }
    }
}

/// The connectors to free, out of those given with the time since their last call. They are returned one by one,
/// since freeing one may be enough.
fn choose<T>(
    mut held: Vec<(Duration, T)>,
    after: Duration,
    is_too_much: impl Fn() -> bool,
) -> impl Iterator<Item = T> {
    held.sort_by_key(|(unused_for, _)| std::cmp::Reverse(*unused_for));
    held.into_iter()
        .filter(move |(unused_for, _)| *unused_for >= after || is_too_much())
        .map(|(_, chosen)| chosen)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const AFTER: Duration = Duration::from_secs(10);

    fn held() -> Vec<(Duration, &'static str)> {
        [(3, "new"), (30, "old"), (10, "just old"), (9, "used")]
            .map(|(seconds, name)| (Duration::from_secs(seconds), name))
            .into()
    }

    #[test]
    fn connectors_that_were_not_called_for_long_enough_are_chosen() {
        let chosen: Vec<&str> = choose(held(), AFTER, || false).collect();
        assert_eq!(chosen, ["old", "just old"]);
    }

    #[test]
    fn too_much_idle_memory_takes_the_longest_unused_until_it_is_enough() {
        let freed = Cell::new(0);
        let chosen: Vec<&str> = choose(held(), AFTER, || freed.get() < 3)
            .inspect(|_| freed.set(freed.get() + 1))
            .collect();
        assert_eq!(chosen, ["old", "just old", "used"]);
        let chosen: Vec<&str> = choose(held(), AFTER, || true).collect();
        assert_eq!(chosen, ["old", "just old", "used", "new"]);
    }
}
