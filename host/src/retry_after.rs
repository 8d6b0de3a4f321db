//! `Retry-After`, as read by the host's client and by the client of connectors' APIs. A leaf.

use std::time::SystemTime;

/// When to retry (RFC 9110, section 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// After this many seconds; `None` if the number doesn't fit into 64 bits.
    Seconds(Option<u64>),
    /// At this time, which may be in the past.
    Date(SystemTime),
}

impl RetryAfter {
    /// Reads the header's value: decimal digits only, or a date in any of HTTP's three forms, with optional white
    /// space around it. `None` for anything else.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Seconds(value.parse().ok()));
        }
        httpdate::parse_http_date(value).ok().map(Self::Date)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_is_seconds_or_a_date() {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_456_090);
        for (value, expected) in [
            ("0", Some(RetryAfter::Seconds(Some(0)))),
            (" 120 ", Some(RetryAfter::Seconds(Some(120)))),
            (
                "18446744073709551615",
                Some(RetryAfter::Seconds(Some(u64::MAX))),
            ),
            ("18446744073709551616", Some(RetryAfter::Seconds(None))),
            (
                "Tue, 01 Jan 2030 00:01:30 GMT",
                Some(RetryAfter::Date(date)),
            ),
            (
                "Tuesday, 01-Jan-30 00:01:30 GMT",
                Some(RetryAfter::Date(date)),
            ),
            ("Tue Jan  1 00:01:30 2030", Some(RetryAfter::Date(date))),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(RetryAfter::parse(value), expected, "{value:?}");
        }
    }
}
