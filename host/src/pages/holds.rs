//! How long requests may wait for their page: until the host shuts down.

use tokio::sync::watch;

/// Whether requests may wait.
#[derive(Debug, Default)]
pub(super) struct PageHolds(watch::Sender<bool>);

impl PageHolds {
    /// Lets no request wait from now on.
    pub(super) fn close(&self) {
        self.0.send_replace(true);
    }

    /// Whether no request waits any longer.
    pub(super) fn are_closed(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until no request may wait any longer.
    pub(super) async fn ended(&self) {
        // The sender lives as long as `self`, so this can't be an error.
        let _ = self.0.subscribe().wait_for(|is_closed| *is_closed).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_wait_until_the_host_closes() {
        let holds = PageHolds::default();
        let is_over = async || {
            let ended = tokio::time::timeout(Duration::ZERO, holds.ended());
            ended.await.is_ok()
        };
        assert!(!is_over().await && !holds.are_closed());
        holds.close();
        assert!(is_over().await && holds.are_closed());
    }
}
