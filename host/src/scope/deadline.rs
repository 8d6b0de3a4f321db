//! Deadlines, each with the limit that set it.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::duration_text;

/// The end of limits that are too long to compute an end for: 30 years.
const FOREVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A point in time with the limit that set it, so that errors can name the limit that was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    /// The configured or requested limit, counted from the beginning of what it bounds.
    pub(crate) limit: Duration,
    pub(crate) reason: DeadlineReason,
    /// The earliest end that stays the same across waits between pages; `None` if there is none. Limits of a page
    /// itself begin again with the next page.
    lasting: Option<Instant>,
}

/// The limit that a deadline comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeadlineReason {
    /// `limits.answer-within`: the call can't outlive the request that began it.
    AnswerWithin,
    /// The time that a platform gives a function for one request: the call can't outlive it.
    Invocation,
    /// `limits.page-timeout`.
    PageTimeout,
    /// `network.total-timeout` of one exchange.
    Total,
    /// The timeout of one request, set by the guest.
    Request,
}

/// A limit with its value, as messages name it: `limits.page-timeout` is 10m.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeBound {
    pub(crate) limit: Duration,
    pub(crate) reason: DeadlineReason,
}

impl Display for TimeBound {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} is {}",
            self.reason,
            duration_text(self.limit)
        )
    }
}

impl Deadline {
    /// The limit that sets it, for messages.
    pub(crate) fn bound(&self) -> TimeBound {
        TimeBound {
            limit: self.limit,
            reason: self.reason,
        }
    }

    /// `limit` after `began`.
    pub(crate) fn new(began: Instant, limit: Duration, reason: DeadlineReason) -> Self {
        let at = began.checked_add(limit).unwrap_or_else(|| began + FOREVER);
        let is_lasting = matches!(reason, DeadlineReason::Total | DeadlineReason::Request);
        Self {
            at,
            limit,
            reason,
            lasting: is_lasting.then_some(at),
        }
    }

    /// Whether the bounded work may still run at this time, if its page begins again before then.
    pub(crate) fn leaves_between_pages(&self, at: Instant) -> bool {
        self.lasting.is_none_or(|end| at < end)
    }

    /// The earlier of two deadlines; this one if they are equal.
    pub(crate) fn or_sooner(self, other: Self) -> Self {
        let sooner = if other.at < self.at { other } else { self };
        let lasting = [self.lasting, other.lasting].into_iter().flatten().min();
        Self { lasting, ..sooner }
    }
}

/// The name of the limit, as part of a sentence.
impl Display for DeadlineReason {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AnswerWithin => "`limits.answer-within`",
            Self::Invocation => "the time of this invocation of the function",
            Self::PageTimeout => "`limits.page-timeout`",
            Self::Total => "`network.total-timeout`",
            Self::Request => "the connector's timeout for this request",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_earlier_deadline_keeps_its_reason_and_the_first_of_two_equal_ones_wins() {
        let began = Instant::now();
        let deadline = |seconds, reason| Deadline::new(began, Duration::from_secs(seconds), reason);
        for (page, answer, expected) in [
            (2, 1, DeadlineReason::AnswerWithin),
            (1, 2, DeadlineReason::PageTimeout),
            (1, 1, DeadlineReason::PageTimeout),
            (1, u64::MAX, DeadlineReason::PageTimeout),
        ] {
            let sooner = deadline(page, DeadlineReason::PageTimeout)
                .or_sooner(deadline(answer, DeadlineReason::AnswerWithin));
            assert_eq!(sooner.reason, expected, "{page} {answer}");
            assert_eq!(sooner.at, began + sooner.limit, "{page} {answer}");
        }
    }

    #[tokio::test]
    async fn only_a_requests_own_limits_bound_a_wait_between_pages() {
        let began = Instant::now();
        let deadline = |seconds, reason| Deadline::new(began, Duration::from_secs(seconds), reason);
        for reason in [
            DeadlineReason::PageTimeout,
            DeadlineReason::AnswerWithin,
            DeadlineReason::Invocation,
        ] {
            let page = deadline(2, reason);
            assert!(page.leaves_between_pages(began + FOREVER));
            let request = page.or_sooner(deadline(9, DeadlineReason::Request));
            assert_eq!(request.reason, reason);
            assert!(request.leaves_between_pages(began + Duration::from_secs(8)));
            assert!(!request.leaves_between_pages(began + Duration::from_secs(9)));
        }
    }
}
