//! The headers in which APIs say how long to wait: `Retry-After` (RFC 9110, section 10.2.3), and its variants.

use std::time::Duration;

use http::{HeaderMap, HeaderName};

/// In milliseconds, and therefore more exact than headers that may accompany them.
static MILLISECONDS: [HeaderName; 3] = [
    HeaderName::from_static("retry-after-ms"),
    HeaderName::from_static("x-retry-after-ms"),
    HeaderName::from_static("x-ms-retry-after-ms"),
];

/// In seconds, or as a time.
static TIMES: [HeaderName; 5] = [
    http::header::RETRY_AFTER,
    HeaderName::from_static("x-retry-after"),
    HeaderName::from_static("x-ratelimit-retry-after"),
    HeaderName::from_static("x-rate-limit-retry-after"),
    HeaderName::from_static("ratelimit-retry-after"),
];

/// When a quota is full again, from now on. They come with every response, and are a wait only if nothing is left.
static RESETS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-reset-after"),
    HeaderName::from_static("x-rate-limit-reset-after"),
    HeaderName::from_static("ratelimit-reset-after"),
];

/// The remainder of such a quota.
static REMAINING: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-rate-limit-remaining"),
    HeaderName::from_static("ratelimit-remaining"),
];

/// The time that a response asks to wait, whatever else it means; `read` reads a time. Zero if the time lies in the
/// past; `None` if no header states one.
pub(super) fn asked(
    headers: &HeaderMap,
    read: impl Fn(&str) -> Option<Duration>,
) -> Option<Duration> {
    let is_spent = texts(headers, &REMAINING).all(|left| left.trim() == "0");
    let resets: &'static [HeaderName] = if is_spent { &RESETS } else { &[] };
    let longest = |name| {
        let values = headers.get_all(name).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        texts.filter_map(|text| wait(text, &read)).max()
    };
    let mut asked = texts(headers, &MILLISECONDS)
        .filter_map(milliseconds)
        .chain(TIMES.iter().chain(resets).filter_map(longest));
    let first = asked.next()?;
    if !first.is_zero() {
        return Some(first);
    }
    Some(asked.find(|wait| !wait.is_zero()).unwrap_or(first))
}

fn texts<'h>(
    headers: &'h HeaderMap,
    names: &'static [HeaderName],
) -> impl Iterator<Item = &'h str> {
    let values = names.iter().filter_map(|name| headers.get(name));
    values.filter_map(|value| value.to_str().ok())
}

/// One wait, or the longest of several if a proxy has joined them in one line; text after a semicolon is ignored.
fn wait(text: &str, read: impl Fn(&str) -> Option<Duration>) -> Option<Duration> {
    if let Some(wait) = read(text) {
        return Some(wait);
    }
    let (list, _) = text.split_once(';').unwrap_or((text, ""));
    let waits: Option<Vec<Duration>> = list.split(',').map(read).collect();
    waits?.into_iter().max()
}

fn milliseconds(text: &str) -> Option<Duration> {
    let whole = text.trim().split('.').next()?;
    whole.parse().ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(lines: &[(&'static str, &'static str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, http::HeaderValue::from_static(value));
        }
        asked(&headers, |text| text.parse().ok().map(Duration::from_secs))
    }

    #[test]
    fn wait_is_read_in_every_spelling() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (lines, expected) in [
            (&[("retry-after", "7")][..], seconds(7)),
            (&[("x-retry-after", "7")], seconds(7)),
            (&[("x-ratelimit-retry-after", "7")], seconds(7)),
            (&[("x-rate-limit-retry-after", "7")], seconds(7)),
            (&[("ratelimit-retry-after", "7")], seconds(7)),
            (&[("retry-after-ms", "7000")], seconds(7)),
            (&[("x-retry-after-ms", "7000.5")], seconds(7)),
            (&[("x-ms-retry-after-ms", " 7000 ")], seconds(7)),
            (
                &[("retry-after", "1"), ("retry-after-ms", "350")],
                Some(Duration::from_millis(350)),
            ),
            (&[("retry-after", "0"), ("x-retry-after", "7")], seconds(7)),
            (
                &[("retry-after", "soon"), ("x-retry-after", "7")],
                seconds(7),
            ),
            (&[("retry-after", "0")], seconds(0)),
            (&[("retry-after", "5"), ("retry-after", "7")], seconds(7)),
            (&[("retry-after", "7"), ("retry-after", "5")], seconds(7)),
            (&[("retry-after", "7,5")], seconds(7)),
            (&[("retry-after", "7;why")], seconds(7)),
            (&[("retry-after", "5,soon")], None),
            (&[("retry-after", "soon;7")], None),
            (&[("retry-after-ms", "soon")], None),
            (&[("retry-after-ms", "-1")], None),
            (&[], None),
        ] {
            assert_eq!(wait(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn reset_is_a_wait_only_if_nothing_is_left() {
        let reset = ("x-ratelimit-reset-after", "7");
        let seven = Some(Duration::from_secs(7));
        assert_eq!(wait(&[reset]), seven);
        assert_eq!(wait(&[reset, ("x-ratelimit-remaining", "0")]), seven);
        assert_eq!(wait(&[reset, ("x-ratelimit-remaining", "1")]), None);
    }
}
