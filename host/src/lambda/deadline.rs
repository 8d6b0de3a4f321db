//! The time that an invocation has for its answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use super::source::EventSource;
use crate::scope::{Deadline, DeadlineReason};
use crate::server::Lateness;

/// The longest time-out that a function can have.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The part of the time that is left for the answer itself: to end the call, to write the answer, and to pass it on.
const MARGIN: Duration = Duration::from_millis(500);

/// Of short times, only this part is left for the answer.
const MARGIN_PART: u32 = 5;

/// When the answer of an invocation must be ready that began at `began`, which was `now` by the clock. The platform ends
/// it at `deadline_ms`, in milliseconds since 1970, or its source stops waiting earlier.
///
/// # Errors
///
/// [`Lateness`]: by this machine's clock, that time has passed.
pub(super) fn deadline(
    source: EventSource,
    deadline_ms: u64,
    (began, now): (Instant, SystemTime),
) -> Result<Deadline, Lateness> {
    let after = |limit| Deadline::new(began, limit, DeadlineReason::Invocation);
    let end = Duration::from_millis(deadline_ms);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = match end.checked_sub(now) {
        None | Some(Duration::ZERO) => {
            return Err(Lateness {
                late: now.saturating_sub(end),
                now: after(Duration::ZERO),
            });
        }
        Some(left) if left > LONGEST => {
            tracing::warn!(
                seconds = left.as_secs(),
                "the deadline of the invocation is later than any function's time-out, so this machine's clock is wrong; the \
                 invocation gets 15 minutes"
            );
            LONGEST
        }
        Some(left) => left,
    };
    let left = source
        .patience()
        .map_or(left, |patience| left.min(patience));
    Ok(after(left.saturating_sub(MARGIN.min(left / MARGIN_PART))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    fn limit(source: EventSource, deadline_ms: u64, now_ms: u64) -> Result<u128, u128> {
        let now = UNIX_EPOCH + Duration::from_millis(now_ms);
        let began = Instant::now();
        match deadline(source, deadline_ms, (began, now)) {
            Ok(deadline) => {
                assert_eq!(deadline.at, began + deadline.limit);
                assert_eq!(deadline.reason, DeadlineReason::Invocation);
                Ok(deadline.limit.as_millis())
            }
            Err(Lateness { late, now }) => {
                assert_eq!(now.at, began);
                Err(late.as_millis())
            }
        }
    }

    #[tokio::test]
    async fn answer_has_the_remaining_time_less_a_margin() {
        for (left, expected) in [
            (1, 0),
            (5, 4),
            (1_000, 800),
            (2_500, 2_000),
            (3_000, 2_500),
            (900_000, 899_500),
        ] {
            let found = limit(EventSource::FunctionUrl, NOW + left, NOW);
            assert_eq!(found, Ok(expected), "{left}");
        }
    }

    #[tokio::test]
    async fn http_api_waits_for_half_a_minute_only() {
        for (left, expected) in [(3_000, 2_500), (30_000, 29_500), (900_000, 29_500)] {
            let found = limit(EventSource::HttpApi, NOW + left, NOW);
            assert_eq!(found, Ok(expected), "{left}");
        }
    }

    #[tokio::test]
    async fn wrong_clocks_give_a_time_or_a_lateness() {
        let source = EventSource::RestApi;
        // The clock is at 1970.
        assert_eq!(limit(source, NOW, 0), Ok(899_500));
        assert_eq!(limit(source, NOW, NOW + 1_500), Err(1_500));
        assert_eq!(limit(source, NOW, NOW), Err(0));
        assert_eq!(limit(source, 0, NOW), Err(u128::from(NOW)));
        assert_eq!(limit(source, u64::MAX, NOW), Ok(899_500));
    }
}
