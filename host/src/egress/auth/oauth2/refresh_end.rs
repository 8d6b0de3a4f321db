//! The end of a refresh token: the log warns early that somebody has to log in again.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::time::Instant;

use super::endpoint::TokenEndpoint;
use crate::egress::upstream::Upstream;
use crate::tokens::TokenRecord;

/// How long before the end the log warns, and how often.
const WARNED_BEFORE: Duration = Duration::from_secs(7 * 24 * 3600);
const WARNED_EVERY: Duration = Duration::from_secs(12 * 3600);

/// Ends closer together than this are the same: endpoints report the time that is left.
const SAME_END: Duration = Duration::from_secs(60);

/// Warns in the log if the end is near and renewals don't extend it.
pub(super) fn warn(
    endpoint: &TokenEndpoint,
    upstream: &Upstream,
    record: &TokenRecord,
    kept: Option<&TokenRecord>,
) {
    let before = kept.and_then(|kept| kept.refresh_expires);
    let Some(end) = record
        .refresh_expires
        .filter(|end| is_near(*end, before, SystemTime::now()))
    else {
        return;
    };
    let mut memory = endpoint.refresh.lock();
    if memory
        .end_warned
        .is_some_and(|warned| warned.elapsed() < WARNED_EVERY)
    {
        return;
    }
    memory.end_warned = Some(Instant::now());
    drop(memory);
    let since = end
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let ends = i64::try_from(since.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map(|time| time.to_string());
    tracing::warn!(
        connector = &*upstream.connector,
        credential = &*endpoint.name,
        ends,
        "the refresh token expires soon; log in again before then with {}",
        endpoint.login_command(upstream)
    );
}

/// Whether a token expires soon, and the last renewal did not extend it. `before` is the expiry before that renewal;
/// without one, the result is false.
fn is_near(end: SystemTime, before: Option<SystemTime>, now: SystemTime) -> bool {
    let is_near = end
        .duration_since(now)
        .is_ok_and(|left| left <= WARNED_BEFORE);
    let is_put_off = before.is_none_or(|before| {
        let later = end.duration_since(before);
        later.is_ok_and(|later| later > SAME_END)
    });
    is_near && !is_put_off
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_end_that_is_near_and_not_extended_causes_a_warning() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let at = |hours: u64| now + Duration::from_secs(hours * 3600);
        for (end, before, expected) in [
            (at(24), Some(at(24)), true),
            (at(24), Some(at(25)), true),
            (at(24), Some(at(24) - Duration::from_secs(30)), true),
            (at(24 * 8), Some(at(24 * 8)), false),
            // Each renewal gives a day more.
            (at(24), Some(at(23)), false),
            // Whether renewals extend it isn't known yet.
            (at(24), None, false),
        ] {
            assert_eq!(is_near(end, before, now), expected, "{end:?} {before:?}");
        }
    }
}
