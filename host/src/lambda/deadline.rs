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

/// What ends an invocation.
#[derive(Debug, Clone, Copy)]
pub(super) struct InvocationLimits {
    /// What waits for the answer.
    pub(super) source: EventSource,
    /// When the source got the request, in milliseconds since 1970, if it says so.
    pub(super) requested_ms: Option<u64>,
    /// When the platform ends the invocation, in milliseconds since 1970.
    pub(super) deadline_ms: u64,
}

/// The time of an invocation.
#[derive(Debug, Clone, Copy)]
pub(super) struct InvocationTime {
    /// When the answer must be ready; or how long ago that was by this machine's clock.
    pub(super) answer: Result<Deadline, Lateness>,
    /// Until when a ready answer may wait for other work. What is left after that is for passing it on.
    pub(super) last: Instant,
}

impl InvocationTime {
    /// The time of an invocation that began at `began`, which was `now` by the clock.
    pub(super) fn new(limits: InvocationLimits, (began, now): (Instant, SystemTime)) -> Self {
        match time_left(limits, (began, now)) {
            Ok(left) => {
                let margin = MARGIN.min(left / MARGIN_PART);
                let limit = left.saturating_sub(margin);
                let answer = Deadline::new(began, limit, DeadlineReason::Invocation);
                Self {
                    answer: Ok(answer),
                    last: answer.at + margin * 3 / 5,
                }
            }
            Err(lateness) => Self {
                answer: Err(lateness),
                last: began,
            },
        }
    }
}

/// How long the invocation's client waits at most.
fn time_left(
    limits: InvocationLimits,
    (began, now): (Instant, SystemTime),
) -> Result<Duration, Lateness> {
    let end = Duration::from_millis(limits.deadline_ms);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = match end.checked_sub(now) {
        None | Some(Duration::ZERO) => {
            return Err(Lateness {
                late: now.saturating_sub(end),
                now: Deadline::new(began, Duration::ZERO, DeadlineReason::Invocation),
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
    Ok(limits
        .source_time(now)
        .map_or(left, |source_time| left.min(source_time)))
}

impl InvocationLimits {
    /// How long the source waits for from `now` on, a time since 1970.
    fn source_time(self, now: Duration) -> Option<Duration> {
        let patience = self.source.patience()?;
        // The function's start took a part of it. A request that is older than the patience is a recorded one, such as
        // a test event of the console, or the clocks differ.
        let left = self
            .requested_ms
            .map(Duration::from_millis)
            .and_then(|requested| now.checked_sub(requested))
            .and_then(|passed| patience.checked_sub(passed));
        Some(left.unwrap_or(patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lambda::source::PayloadVersion;

    const NOW: u64 = 1_800_000_000_000;

    const HTTP_API: EventSource = EventSource::HttpApi {
        payload: PayloadVersion::V2,
    };

    fn limit(source: EventSource, deadline_ms: u64, now_ms: u64) -> Result<u128, u128> {
        limit_of(
            InvocationLimits {
                source,
                requested_ms: None,
                deadline_ms,
            },
            now_ms,
        )
    }

    fn function_url(deadline_ms: u64) -> InvocationLimits {
        InvocationLimits {
            source: EventSource::FunctionUrl,
            requested_ms: None,
            deadline_ms,
        }
    }

    fn limit_of(limits: InvocationLimits, now_ms: u64) -> Result<u128, u128> {
        let now = UNIX_EPOCH + Duration::from_millis(now_ms);
        let began = Instant::now();
        let time = InvocationTime::new(limits, (began, now));
        match time.answer {
            Ok(deadline) => {
                assert!(time.last >= deadline.at);
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
    async fn other_work_leaves_a_part_of_the_margin() {
        for (left, expected) in [
            (1_000, 920),
            (2_500, 2_300),
            (3_000, 2_800),
            (60_000, 59_800),
        ] {
            let now = UNIX_EPOCH + Duration::from_millis(NOW);
            let began = Instant::now();
            let time = InvocationTime::new(function_url(NOW + left), (began, now));
            assert_eq!((time.last - began).as_millis(), expected, "{left}");
        }
        let late = UNIX_EPOCH + Duration::from_millis(NOW + 1);
        let began = Instant::now();
        let time = InvocationTime::new(function_url(NOW), (began, late));
        assert_eq!(time.last, began);
    }

    #[tokio::test]
    async fn http_api_waits_for_half_a_minute_only() {
        for (left, expected) in [(3_000, 2_500), (30_000, 29_500), (900_000, 29_500)] {
            for payload in [PayloadVersion::V1, PayloadVersion::V2] {
                let found = limit(EventSource::HttpApi { payload }, NOW + left, NOW);
                assert_eq!(found, Ok(expected), "{left} {payload:?}");
            }
        }
    }

    #[tokio::test]
    async fn http_api_s_time_counts_from_its_request() {
        for (requested_ms, expected) in [
            (NOW, 29_500),
            (NOW - 4_000, 25_500),
            (NOW - 29_999, 0),
            // Recorded, or of another clock.
            (NOW - 31_000, 29_500),
            (0, 29_500),
            (NOW + 5_000, 29_500),
            (u64::MAX, 29_500),
        ] {
            let limits = |source| InvocationLimits {
                source,
                requested_ms: Some(requested_ms),
                deadline_ms: NOW + 60_000,
            };
            assert_eq!(
                limit_of(limits(HTTP_API), NOW),
                Ok(expected),
                "{requested_ms}"
            );
            let others = limit_of(limits(EventSource::RestApi), NOW);
            assert_eq!(others, Ok(59_500), "{requested_ms}");
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
