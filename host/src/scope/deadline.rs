//! When something must have ended, and which limit says so.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use tokio::time::Instant;

/// A limit so long that its end can't be counted is as good as none: thirty years.
const FOREVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A point in time with the limit that set it, so that nobody has to guess whose time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    /// As configured or asked for, counted from the begin of whatever it bounds.
    pub(crate) limit: Duration,
    pub(crate) reason: DeadlineReason,
    /// The soonest end that a wait between pages doesn't put off either; `None` if there is none. What bounds the page
    /// itself begins anew with it.
    lasting: Option<Instant>,
}

/// Which limit a deadline comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeadlineReason {
    /// `limits.answer-within`: the call can't outlive the request that began it.
    AnswerWithin,
    /// `limits.page-timeout`.
    PageTimeout,
    /// `network.total-timeout` of one exchange.
    Total,
    /// The time-out that a guest's request to the network has itself.
    Request,
}

impl Deadline {
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

    /// Whether what this bounds may go on at this time if its page begins again until then.
    pub(crate) fn leaves_between_pages(&self, at: Instant) -> bool {
        self.lasting.is_none_or(|end| at < end)
    }

    /// The earlier of both; this one if they are equal.
    pub(crate) fn or_sooner(self, other: Self) -> Self {
        let sooner = if other.at < self.at { other } else { self };
        let lasting = [self.lasting, other.lasting].into_iter().flatten().min();
        Self { lasting, ..sooner }
    }
}

/// As a sentence about a time names it.
impl Display for DeadlineReason {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AnswerWithin => "`limits.answer-within`",
            Self::PageTimeout => "`limits.page-timeout`",
            Self::Total => "`network.total-timeout`",
            Self::Request => "the request's own time-out",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_sooner_deadline_keeps_its_reason_and_the_first_of_two_equal_ones_counts() {
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
    async fn a_wait_between_pages_is_bounded_by_the_requests_own_time_alone() {
        let began = Instant::now();
        let deadline = |seconds, reason| Deadline::new(began, Duration::from_secs(seconds), reason);
        for reason in [DeadlineReason::PageTimeout, DeadlineReason::AnswerWithin] {
            let page = deadline(2, reason);
            assert!(page.leaves_between_pages(began + FOREVER));
            let request = page.or_sooner(deadline(9, DeadlineReason::Request));
            assert_eq!(request.reason, reason);
            assert!(request.leaves_between_pages(began + Duration::from_secs(8)));
            assert!(!request.leaves_between_pages(began + Duration::from_secs(9)));
        }
    }
}
