//! Whether and when a failed request is retried.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

use super::error::SyncError;
use super::options::ClientOptions;
use crate::retry_after::RetryAfter;

/// How long to wait before the next try, after `failed` tries; `None` if a retry is useless or there is none left.
pub(super) fn pause(options: &ClientOptions, failed: usize, error: &SyncError) -> Option<Duration> {
    let own = options.pauses.get(failed.checked_sub(1)?)?;
    if !error.is_worth_another_try() {
        return None;
    }
    let pause = error.retry_after().unwrap_or(*own);
    Some(pause.min(options.longest_pause))
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3), which may have passed. `None` if it is neither.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    match RetryAfter::parse(headers.get(RETRY_AFTER)?.to_str().ok()?)? {
        // A number that is too large means a very long time.
        RetryAfter::Seconds(seconds) => Some(Duration::from_secs(seconds.unwrap_or(u64::MAX))),
        RetryAfter::Date(date) => Some(date.duration_since(now).unwrap_or(Duration::ZERO)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::ServerName;
    use super::*;

    fn refused(status: u16, retry_after: Option<u64>) -> SyncError {
        SyncError::Refused {
            server: ServerName::Url(String::new()),
            status,
            kind: None,
            temporary: None,
            message: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_date() {
        let now = httpdate::parse_http_date("Tue, 01 Jan 2030 00:00:00 GMT").unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Tue, 01 Jan 2030 00:01:30 GMT", Some(90)),
            ("Tuesday, 01-Jan-30 00:00:05 GMT", Some(5)),
            ("Mon, 31 Dec 2029 00:00:00 GMT", Some(0)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{value:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn temporary_failures_get_three_tries() {
        let options = ClientOptions::default();
        let pauses = |error: &SyncError| {
            [1, 2, 3].map(|failed| pause(&options, failed, error).map(|pause| pause.as_secs()))
        };
        for status in [408, 429, 500, 502, 503, 504, 599] {
            assert_eq!(
                pauses(&refused(status, None)),
                [Some(1), Some(5), None],
                "{status}"
            );
        }
        for status in [301, 400, 403, 404, 405, 413, 415, 422, 600] {
            assert_eq!(pauses(&refused(status, Some(1))), [None; 3], "{status}");
        }
        assert_eq!(pauses(&refused(503, Some(7))), [Some(7), Some(7), None]);
        assert_eq!(
            pauses(&refused(429, Some(u64::MAX))),
            [Some(3600), Some(3600), None]
        );
    }
}
