//! A quota: the number of calls that the API accepts in a window of time. The window begins with the first call.

use std::time::{Duration, Instant};

/// A fixed-window quota.
pub(crate) struct FixedWindow {
    limit: u32,
    window: Duration,
    began: Option<Instant>,
    spent: u32,
}

/// The state of the quota after a call.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct QuotaStatus {
    /// Whether the call is within the quota.
    pub(crate) granted: bool,
    pub(crate) limit: u32,
    /// How many calls are left after this one.
    pub(crate) remaining: u32,
    /// The time until the quota is reset, in seconds. Rounded up, so that a client that waits for it is not too early.
    pub(crate) reset: u64,
}

impl FixedWindow {
    pub(crate) fn new(limit: u32, window: Duration) -> Self {
        Self {
            limit,
            window,
            began: None,
            spent: 0,
        }
    }

    /// Counts a call at `now`, if one is left. `None` if the limit is 0, which means no limit.
    pub(crate) fn spend(&mut self, now: Instant) -> Option<QuotaStatus> {
        if self.limit == 0 {
            return None;
        }
        let elapsed = match self.began.map(|began| now.saturating_duration_since(began)) {
            Some(elapsed) if elapsed < self.window => elapsed,
            _ => {
                self.began = Some(now);
                self.spent = 0;
                Duration::ZERO
            }
        };
        let granted = self.spent < self.limit;
        if granted {
            self.spent += 1;
        }
        let left = self.window.saturating_sub(elapsed);
        Some(QuotaStatus {
            granted,
            limit: self.limit,
            remaining: self.limit - self.spent,
            reset: left.as_secs() + u64::from(left.subsec_nanos() > 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(granted: bool, remaining: u32, reset: u64) -> Option<QuotaStatus> {
        Some(QuotaStatus {
            granted,
            limit: 2,
            remaining,
            reset,
        })
    }

    #[test]
    fn calls_are_counted_and_refused_when_the_quota_is_used_up() {
        let mut quota = FixedWindow::new(2, Duration::from_secs(60));
        let start = Instant::now();
        assert_eq!(quota.spend(start), status(true, 1, 60));
        assert_eq!(
            quota.spend(start + Duration::from_millis(10_500)),
            status(true, 0, 50)
        );
        assert_eq!(
            quota.spend(start + Duration::from_millis(59_999)),
            status(false, 0, 1)
        );
    }

    #[test]
    fn a_new_window_begins_with_the_first_call_after_the_old_one() {
        let mut quota = FixedWindow::new(2, Duration::from_secs(60));
        let start = Instant::now();
        for _ in 0..3 {
            quota.spend(start);
        }
        assert_eq!(
            quota.spend(start + Duration::from_secs(60)),
            status(true, 1, 60)
        );
        let later = start + Duration::from_secs(1_000);
        assert_eq!(quota.spend(later), status(true, 1, 60));
        assert_eq!(quota.spend(later), status(true, 0, 60));
    }

    #[test]
    fn a_quota_of_zero_means_no_limit() {
        let mut quota = FixedWindow::new(0, Duration::from_secs(60));
        assert_eq!(quota.spend(Instant::now()), None);
    }
}
