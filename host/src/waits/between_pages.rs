//! The waits between pages, which are stored in the state: pure rules for the times under its reserved key.
//!
//! Deliberately stateless: a wait survives a restart, and any replica observes it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use weld_protocol::{Waiting, WaitingReason};

use super::{Wait, WaitReason};
use crate::config::Limits;

/// The first wait if an API answers "too many requests" without a time; doubled with each further try.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);

/// The longest of these waits: an API whose quota renews every quarter of an hour is asked in each.
const LONGEST_BACKOFF: Duration = Duration::from_secs(15 * 60);

/// A mark as Weld sent it back, but no later than `limits.max-wait` from now: a clock that jumped or a forged state
/// must not make a sync sleep for years.
pub(crate) fn bound(waiting: &Waiting, now: Timestamp, limits: &Limits) -> Waiting {
    let latest = add(now, limits.max_wait);
    Waiting {
        not_before: waiting.not_before.min(latest),
        ..waiting.clone()
    }
}

/// How long it is until the next page may begin.
pub(crate) fn left(waiting: &Waiting, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_until(waiting.not_before)).unwrap_or(Duration::ZERO)
}

/// The wait that a mark stands for.
pub(crate) fn wait_of(waiting: &Waiting) -> Wait {
    let reason = waiting.reason.as_ref().map(WaitingReason::as_str);
    Wait {
        reason: reason.map_or(WaitReason::Requested, |reason| WaitReason::Postponed {
            reason: reason.to_owned(),
        }),
        until: Some(waiting.not_before),
    }
}

/// The mark for a page whose connector asks to wait before the next one.
pub(crate) fn after_page(asked: Duration, now: Timestamp, limits: &Limits) -> Waiting {
    Waiting {
        not_before: add(now, asked.min(limits.max_wait)),
        since: now,
        tries: 0,
        reason: None,
    }
}

/// What happens to a page that the API's rate limit refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RateLimit {
    /// Ask again at this time.
    Wait(Waiting),
    /// The waits would exceed `limits.max-wait`: the sync ends, and may be tried again after this time.
    GiveUp { retry_after: Duration },
}

/// Whether a request came in time for its mark. A later request means that the sync was stopped in between; a new
/// sync must not inherit the tries of the old one.
pub(crate) fn in_time(waiting: &Waiting, arrived: Timestamp, limits: &Limits) -> bool {
    arrived <= add(waiting.not_before, limits.linger)
}

/// The longest wait inside a call for which its page may be put off, so that it begins again after the wait. `None` if
/// the page has already been put off: a page that makes more calls than a quota allows would never end. `previous` is the
/// mark of a request that came [in time](in_time).
pub(crate) fn longest_postponement(
    mark: Option<&Waiting>,
    previous: Option<&Waiting>,
    now: Timestamp,
    limits: &Limits,
) -> Option<Duration> {
    if mark.is_some_and(|mark| mark.tries > 0) {
        return None;
    }
    let since = previous.map_or(now, |waiting| waiting.since.min(now));
    let waited = Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO);
    Some(limits.max_wait.saturating_sub(waited))
}

/// Continues from the mark of a request that came [in time](in_time), if there is one. `reason` is what the page waits
/// for, if that is known.
pub(crate) fn after_rate_limit(
    previous: Option<&Waiting>,
    asked: Option<Duration>,
    reason: Option<&WaitReason>,
    now: Timestamp,
    limits: &Limits,
) -> RateLimit {
    let since = previous.map_or(now, |waiting| waiting.since.min(now));
    let tries = previous.map_or(0, |waiting| waiting.tries);
    let wait = asked.unwrap_or_else(|| backoff(tries));
    let not_before = add(now, wait);
    if not_before.duration_since(since) > signed(limits.max_wait) {
        return RateLimit::GiveUp { retry_after: wait };
    }
    RateLimit::Wait(Waiting {
        not_before,
        since,
        tries: tries.saturating_add(1),
        reason: reason.and_then(|reason| WaitingReason::new(reason.to_string())),
    })
}

fn backoff(tries: u32) -> Duration {
    FIRST_BACKOFF
        .saturating_mul(1_u32.checked_shl(tries).unwrap_or(u32::MAX))
        .min(LONGEST_BACKOFF)
}

fn add(time: Timestamp, duration: Duration) -> Timestamp {
    time.saturating_add(signed(duration))
        .unwrap_or(Timestamp::MAX)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waits::LastTry;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn waiting(not_before: i64, since: i64, tries: u32) -> Waiting {
        Waiting {
            not_before: at(not_before),
            since: at(since),
            tries,
            reason: None,
        }
    }

    fn limits() -> Limits {
        Limits {
            max_wait: Duration::from_secs(3600),
            linger: Duration::from_secs(120),
            ..Limits::default()
        }
    }

    #[test]
    fn a_mark_beyond_the_longest_wait_is_moved_to_it() {
        assert_eq!(
            bound(&waiting(100, 0, 1), at(0), &limits()),
            waiting(100, 0, 1)
        );
        assert_eq!(
            bound(&waiting(9_999_999, 0, 1), at(0), &limits()),
            waiting(3600, 0, 1)
        );
        let forged = Waiting {
            not_before: Timestamp::MAX,
            since: Timestamp::MIN,
            tries: u32::MAX,
            reason: None,
        };
        assert_eq!(bound(&forged, at(0), &limits()).not_before, at(3600));
    }

    #[test]
    fn remaining_wait_is_never_negative() {
        assert_eq!(left(&waiting(30, 0, 0), at(10)), Duration::from_secs(20));
        assert_eq!(left(&waiting(30, 0, 0), at(31)), Duration::ZERO);
    }

    #[test]
    fn a_pages_wait_is_capped() {
        assert_eq!(
            after_page(Duration::from_secs(5), at(0), &limits()),
            waiting(5, 0, 0)
        );
        assert_eq!(
            after_page(Duration::from_millis(u32::MAX.into()), at(0), &limits()),
            waiting(3600, 0, 0)
        );
    }

    #[test]
    fn rate_limits_without_a_number_back_off_by_the_tries() {
        let mut mark = None;
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..6 {
            let RateLimit::Wait(next) =
                after_rate_limit(mark.as_ref(), None, None, at(now), &limits())
            else {
                panic!("gave up too early");
            };
            let until = next.not_before.as_second() - at(0).as_second();
            waits.push(until - now);
            now = until;
            mark = Some(next);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32]);
        assert_eq!(mark.unwrap().since, at(0));
        assert_eq!(backoff(u32::MAX), LONGEST_BACKOFF);
    }

    #[test]
    fn a_request_is_in_time_for_as_long_as_linger() {
        for (arrived, expected) in [(0, true), (100, true), (220, true), (221, false)] {
            assert_eq!(
                in_time(&waiting(100, 0, 7), at(arrived), &limits()),
                expected,
                "{arrived}"
            );
        }
    }

    #[test]
    fn page_is_put_off_by_its_own_waits_once_and_for_the_remaining_time() {
        let hour = Duration::from_secs(3600);
        for (mark, expected) in [
            (None, Some(hour)),
            (
                Some(waiting(0, -600, 0)),
                Some(hour - Duration::from_secs(600)),
            ),
            (Some(waiting(0, 9_999, 0)), Some(hour)),
            (Some(waiting(0, -9_999, 0)), Some(Duration::ZERO)),
            (Some(waiting(0, -600, 1)), None),
        ] {
            let longest =
                |previous| longest_postponement(mark.as_ref(), previous, at(0), &limits());
            assert_eq!(longest(mark.as_ref()), expected, "{mark:?}");
            // The sync is a new one, but a page that repeats itself is not.
            let restarted = expected.map(|_| hour);
            assert_eq!(longest(None), restarted, "{mark:?}");
        }
    }

    #[test]
    fn tries_and_their_beginning_are_carried_on() {
        let old = waiting(100, 0, 7);
        let asked = Some(Duration::from_secs(5));
        let kept = after_rate_limit(Some(&old), asked, None, at(220), &limits());
        assert_eq!(kept, RateLimit::Wait(waiting(225, 0, 8)));
        let restarted = after_rate_limit(None, asked, None, at(221), &limits());
        assert_eq!(restarted, RateLimit::Wait(waiting(226, 221, 1)));
    }

    #[test]
    fn waits_longer_than_the_maximum_give_up() {
        let long = Duration::from_secs(3601);
        assert_eq!(
            after_rate_limit(None, Some(long), None, at(0), &limits()),
            RateLimit::GiveUp { retry_after: long }
        );
        let minute = Duration::from_secs(60);
        assert_eq!(
            after_rate_limit(
                Some(&waiting(3590, 0, 90)),
                Some(minute),
                None,
                at(3590),
                &limits()
            ),
            RateLimit::GiveUp {
                retry_after: minute
            }
        );
    }

    #[test]
    fn a_mark_keeps_the_refusal_that_caused_it() {
        let reason = WaitReason::Retry {
            origin: "https://api.example.com".into(),
            last: LastTry::Answered(429),
        };
        let marked = |reason| after_rate_limit(None, None, reason, at(0), &limits());
        let RateLimit::Wait(mark) = marked(Some(&reason)) else {
            panic!("gave up");
        };
        assert_eq!(wait_of(&mark).reason.to_string(), reason.to_string());
        let RateLimit::Wait(mark) = marked(None) else {
            panic!("gave up");
        };
        assert_eq!(wait_of(&mark).reason, WaitReason::Requested);
    }

    #[test]
    fn a_mark_from_the_future_does_not_allow_more_waiting() {
        let forged = waiting(10, 9_999, 0);
        let RateLimit::Wait(next) = after_rate_limit(
            Some(&forged),
            Some(Duration::from_secs(1)),
            None,
            at(10),
            &limits(),
        ) else {
            panic!("gave up");
        };
        assert_eq!(next.since, at(10));
    }
}
