//! The state that a connector's connections to one origin share.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::closing_habit::ClosingHabit;

/// The state that the connections to one origin share.
#[derive(Debug, Clone)]
pub(super) struct OriginConnections {
    /// Each connection takes one.
    places: Arc<Semaphore>,
    most: usize,
    pub(super) habit: Arc<ClosingHabit>,
}

impl OriginConnections {
    /// No connections yet, and at most this many at once.
    pub(super) fn new(most: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most)),
            most,
            habit: Arc::default(),
        }
    }

    /// Waits for a place among them.
    pub(super) async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        self.places.clone().acquire_owned().await.ok()
    }

    /// How many connections are open or being made.
    pub(super) fn open(&self) -> usize {
        self.most.saturating_sub(self.places.available_permits())
    }

    /// Whether there is a connection, or anything to remember.
    pub(super) fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.places) > 1 || self.habit.is_known()
    }
}
