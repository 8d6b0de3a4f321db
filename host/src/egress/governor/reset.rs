//! When a quota is full again, according to one response.

use std::time::Duration;

use tokio::time::Instant;

use super::arrival::Arrival;
use super::call_times::CallTimes;
use super::quota_report::QuotaReport;

/// Resets are stated in whole seconds, rounded up, or sometimes down.
const ROUNDING: Duration = Duration::from_secs(1);

/// A reset that isn't in the future is practically missing. It counts as this long.
const NO_RESET: Duration = Duration::from_secs(1);

/// No quota takes longer to be full again.
pub(super) const MOST_RESET: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The interval that contains a quota's reset: the response was made some time after the call, and its values are
/// rounded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reset {
    pub(super) earliest: Instant,
    pub(super) latest: Instant,
}

impl Reset {
    pub(super) fn of(quota: &QuotaReport, log: &mut CallTimes, arrival: &Arrival) -> Self {
        let Some(stated) = quota.reset else {
            let window = quota.window.unwrap_or(NO_RESET);
            return Self::at(log.reset(arrival.now, window));
        };
        let stated = if stated.is_zero() { NO_RESET } else { stated };
        let stated = stated.min(MOST_RESET);
        let early = stated.saturating_sub(ROUNDING);
        Self {
            earliest: arrival.made.checked_add(early).unwrap_or(arrival.made),
            latest: arrival.now.checked_add(stated).unwrap_or(arrival.now),
        }
    }

    /// A reset at exactly this time.
    pub(super) fn at(time: Instant) -> Self {
        Self {
            earliest: time,
            latest: time,
        }
    }

    /// Whether this can't be the same time as the other one.
    pub(super) fn is_later_than(&self, other: &Self) -> bool {
        self.earliest > other.latest
    }

    /// Notes that the reset is the one that another response stated, too.
    pub(super) fn narrow(&mut self, other: &Self) {
        self.earliest = self.earliest.max(other.earliest);
        self.latest = self.latest.min(other.latest);
    }
}
