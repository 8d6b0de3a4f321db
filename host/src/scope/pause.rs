//! A pause within a page, which occupies no thread.

use std::time::Duration;

use tokio::time::Instant;

use super::CallScope;
use crate::waits::{Wait, WaitReason};

impl CallScope {
    /// Waits for this long.
    ///
    /// # Errors
    ///
    /// If that would exceed the page's deadline, the remaining time, at once: so the connector can still return the
    /// rows that it has.
    pub(crate) async fn pause(&self, duration: Duration) -> Result<(), Duration> {
        let left = self.deadline.at.saturating_duration_since(Instant::now());
        if duration >= left {
            return Err(left);
        }
        if duration.is_zero() {
            // A timer has steps of a millisecond, and would end with the next one.
            tokio::task::yield_now().await;
            return Ok(());
        }
        let _waiting = self.waits.begin(Wait::lasting(WaitReason::Pause, duration));
        tokio::time::sleep(duration).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::HostAccount;
    use crate::config::Limits;

    #[tokio::test]
    async fn a_pause_past_the_deadline_is_refused_with_the_remaining_time() {
        let seconds = Duration::from_secs;
        let limits = Limits {
            page_timeout: seconds(3600),
            ..Limits::default()
        };
        let scope = CallScope::of_a_page(&limits, &HostAccount::new(u64::MAX));
        let left = scope.pause(Duration::from_millis(3_600_001)).await;
        let left = left.unwrap_err();
        assert!(left > seconds(3590) && left <= seconds(3600));
        assert!(scope.pause(Duration::from_millis(1)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_no_length_does_not_wait_for_a_timer() {
        let scope = CallScope::of_a_page(&Limits::default(), &HostAccount::new(u64::MAX));
        // Between two steps of the timer.
        tokio::time::advance(Duration::from_micros(300)).await;
        let begin = Instant::now();
        assert!(scope.pause(Duration::ZERO).await.is_ok());
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}
