//! How long requests may wait for their page: until the host shuts down, or releases those that arrived before a moment.

use tokio::sync::watch;
use tokio::time::Instant;

/// Whether requests may wait.
#[derive(Debug, Default)]
pub(super) struct PageHolds(watch::Sender<HoldState>);

#[derive(Debug, Clone, Copy, Default)]
struct HoldState {
    /// No request waits any longer.
    is_closed: bool,
    /// Requests that arrived before this wait no longer.
    released_before: Option<Instant>,
}

/// One request, which may wait.
#[derive(Debug)]
pub(super) struct PageHold {
    state: watch::Receiver<HoldState>,
    arrived: Instant,
}

impl PageHolds {
    /// Lets no request wait from now on.
    pub(super) fn close(&self) {
        self.0.send_modify(|state| state.is_closed = true);
    }

    /// Whether no request waits any longer.
    pub(super) fn are_closed(&self) -> bool {
        self.0.borrow().is_closed
    }

    /// Releases the requests that arrived before this.
    pub(super) fn release(&self, arrived_before: Instant) {
        self.0
            .send_modify(|state| state.released_before = Some(arrived_before));
    }

    /// A request that has just arrived.
    pub(super) fn begin(&self) -> PageHold {
        PageHold {
            state: self.0.subscribe(),
            arrived: Instant::now(),
        }
    }
}

impl PageHold {
    /// Waits until the request must have its answer.
    pub(super) async fn ended(&self) {
        let mut state = self.state.clone();
        let is_over = |state: &HoldState| {
            let released = state.released_before;
            state.is_closed || released.is_some_and(|before| self.arrived < before)
        };
        // It is an error if `PageHolds` is dropped, after which nobody may wait either.
        let _ = state.wait_for(is_over).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn is_over(hold: &PageHold) -> bool {
        tokio::time::timeout(Duration::ZERO, hold.ended())
            .await
            .is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn requests_wait_until_they_are_released_or_the_host_closes() {
        let holds = PageHolds::default();
        let before = holds.begin();
        assert!(!is_over(&before).await && !holds.are_closed());
        tokio::time::sleep(Duration::from_millis(1)).await;
        let moment = Instant::now();
        let after = holds.begin();
        tokio::time::sleep(Duration::from_millis(1)).await;
        holds.release(moment);
        assert!(is_over(&before).await && !is_over(&after).await);
        assert!(!is_over(&holds.begin()).await);
        holds.close();
        assert!(is_over(&after).await && is_over(&holds.begin()).await);
        assert!(holds.are_closed());
    }
}
