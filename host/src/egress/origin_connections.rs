//! What the connections of a connector to one origin share.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::closing_habit::ClosingHabit;

/// What the connections to one origin share.
#[derive(Debug, Clone)]
pub(super) struct OriginConnections {
    /// Each connection has one.
    places: Arc<Semaphore>,
    pub(super) habit: Arc<ClosingHabit>,
}

impl OriginConnections {
    /// None yet, and as many at once as this.
    pub(super) fn new(most: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most)),
            habit: Arc::default(),
        }
    }

    /// Waits for a place among them.
    pub(super) async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        self.places.clone().acquire_owned().await.ok()
    }

    /// Whether there is any, or something to remember.
    pub(super) fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.places) > 1 || self.habit.is_known()
    }
}
