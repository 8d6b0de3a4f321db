//! Whether a call is retried, and when.

use std::time::Duration;

use crate::egress::error::EgressError;
use crate::egress::failure::FailureKind;
use crate::egress::timeout::Timeout;

/// The greatest pause before the first retry; doubled for each one after it.
const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(30);

/// Whether a call without a response counts against the API; `None` if it says nothing about it.
pub(super) fn counts_against(error: &EgressError) -> Option<bool> {
    match error {
        EgressError::Timeout {
            limit: Timeout::FirstByte(_),
            ..
        } => Some(true),
        EgressError::Timeout {
            limit: Timeout::Idle(_),
            ..
        } => None,
        error => (FailureKind::of(error) == Some(FailureKind::Passing)).then_some(true),
    }
}

/// The pause before the try after `tries`: a random time up to a maximum that doubles, so that calls which failed
/// together aren't retried together. `draw` is from 0 to `u32::MAX`.
pub(super) fn pause(tries: u32, draw: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    let most = FIRST.saturating_mul(doubled).min(MOST);
    most.mul_f64(f64::from(draw) / f64::from(u32::MAX))
}

/// A random number.
pub(super) fn draw() -> u32 {
    // Without a source of randomness, the longest pause is the safest.
    getrandom::u32().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::phase::{CallPhase, PhaseTime};
    use crate::egress::timeout::TimeLimit;
    use crate::scope::{DeadlineReason, TimeBound};

    #[test]
    fn pauses_double_up_to_the_maximum() {
        let cases = [
            (1, 500),
            (2, 1000),
            (3, 2000),
            (6, 16_000),
            (7, 30_000),
            (u32::MAX, 30_000),
        ];
        for (tries, milliseconds) in cases {
            assert_eq!(pause(tries, 0), Duration::ZERO, "{tries}");
            assert_eq!(
                pause(tries, u32::MAX),
                Duration::from_millis(milliseconds),
                "{tries}"
            );
        }
        assert!(pause(2, u32::MAX / 2) < Duration::from_millis(501));
    }

    #[test]
    fn only_time_taken_by_the_api_counts_against_it() {
        let limit = Duration::from_secs(1);
        let deadline = |reason| Timeout::Deadline(TimeBound { limit, reason });
        for (timeout, against) in [
            (Timeout::Connect(TimeLimit::configured(limit)), Some(true)),
            (
                Timeout::FirstByte(TimeLimit::of_the_request(limit)),
                Some(true),
            ),
            (Timeout::Idle(TimeLimit::configured(limit)), None),
            (deadline(DeadlineReason::Total), None),
            (deadline(DeadlineReason::Request), None),
            (deadline(DeadlineReason::PageTimeout), None),
            (deadline(DeadlineReason::AnswerWithin), None),
        ] {
            let error = timeout.after(PhaseTime {
                phase: CallPhase::Head,
                spent: Duration::ZERO,
                proxy: None,
            });
            assert_eq!(counts_against(&error), against, "{timeout}");
        }
    }
}
