//! `sleep`: a pause within a page, which occupies no thread.

use std::time::Duration;

use tokio::time::Instant;

use crate::bindings::host::OutOfTime;
use crate::scope::CallScope;
use crate::waits::{Wait, WaitReason};

/// Waits for `milliseconds`. If that would exceed the page's deadline, returns the remaining time at once, so that the
/// guest can still hand over the rows it has.
pub(super) async fn sleep(milliseconds: u32, scope: &CallScope) -> Result<(), OutOfTime> {
    let duration = Duration::from_millis(milliseconds.into());
    let left = scope.deadline.at.saturating_duration_since(Instant::now());
    if duration >= left {
        return Err(OutOfTime {
            left: u32::try_from(left.as_millis()).unwrap_or(u32::MAX),
        });
    }
    if duration.is_zero() {
        // A timer has steps of a millisecond, and would end with the next one.
        tokio::task::yield_now().await;
        return Ok(());
    }
    let _waiting = scope
        .waits
        .begin(Wait::lasting(WaitReason::Pause, duration));
    tokio::time::sleep(duration).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::HostAccount;
    use crate::config::Limits;

    #[tokio::test]
    async fn a_pause_past_the_deadline_is_refused_with_the_remaining_time() {
        let limits = Limits {
            page_timeout: Duration::from_secs(3600),
            ..Limits::default()
        };
        let scope = CallScope::of_a_page(&limits, &HostAccount::new(u64::MAX));
        let refused = sleep(3_600_001, &scope).await.unwrap_err();
        assert!(refused.left > 3_590_000 && refused.left <= 3_600_000);
        assert!(sleep(1, &scope).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_no_length_does_not_wait_for_a_timer() {
        let scope = CallScope::of_a_page(&Limits::default(), &HostAccount::new(u64::MAX));
        // Between two steps of the timer.
        tokio::time::advance(Duration::from_micros(300)).await;
        let begin = Instant::now();
        assert!(sleep(0, &scope).await.is_ok());
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}
