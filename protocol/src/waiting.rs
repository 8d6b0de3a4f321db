//! The mark of a wait in a state: until when, since when, how many times in a row, and for what.

use std::fmt::{self, Display, Formatter};

use jiff::Timestamp;

use crate::json::{self, JsonKind, ShapeFault};
use crate::reserved_key::RESERVED_KEY;

const NOT_BEFORE: &str = "not-before";
const SINCE: &str = "since";
const TRIES: &str = "tries";
const FOR: &str = "for";

/// The maximum length of a wait's reason.
const MAX_REASON_BYTES: usize = 200;

/// When the next page may begin. Its text is `{"not-before": TIME, "since": TIME, "tries": NUMBER, "for": TEXT}` with
/// times in UTC as in RFC 3339. They must be in the years 0 to 9999, since RFC 3339 has no others. `for` may be
/// missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The earliest time of the next page.
    pub not_before: Timestamp,
    /// When the wait began.
    pub since: Timestamp,
    /// How many times in a row the page was put off.
    pub tries: u32,
    /// What the page waits for. `None` if the connector asked for the wait.
    pub reason: Option<WaitingReason>,
}

/// What a page waits for, in a form for people: 1 to 200 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingReason(String);

impl WaitingReason {
    /// `None` if the text is empty, too long or has other characters.
    #[must_use]
    pub fn new(text: String) -> Option<Self> {
        let is_printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        ((1..=MAX_REASON_BYTES).contains(&text.len()) && is_printable).then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why the value of the reserved key is not one that [`Waiting`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WaitingError {
    /// The value is not an object.
    #[error("it is {found}, not an object")]
    NotAnObject {
        /// The actual kind.
        found: JsonKind,
    },
    /// The object lacks a member.
    #[error("it has no \"{member}\"")]
    Missing {
        /// The member's name.
        member: &'static str,
    },
    /// A member is not a string with the date, time and offset of RFC 3339 section 5.6, with at most nine digits of a
    /// second's fraction.
    #[error("its \"{member}\" is not an RFC 3339 time")]
    NotATime {
        /// The member's name.
        member: &'static str,
    },
    /// `tries` is not an integer from 0 to 4294967295, written without fraction or exponent.
    #[error("its \"tries\" is not a count")]
    NotACount,
}

impl Waiting {
    /// Reads a JSON text that is known to be well-formed. Members with other names are ignored; the last of several
    /// with the same name counts. An invalid `for` is ignored.
    pub(crate) fn parse(text: &str) -> Result<Self, WaitingError> {
        let [not_before, since, tries, reason] = json::pick(text, [NOT_BEFORE, SINCE, TRIES, FOR])
            .map_err(|fault| match fault {
                ShapeFault::Kind(found) => WaitingError::NotAnObject { found },
                ShapeFault::Syntax(_) => WaitingError::NotAnObject {
                    found: JsonKind::of(text),
                },
            })?;
        let not_before = not_before.ok_or(WaitingError::Missing { member: NOT_BEFORE })?;
        let since = since.ok_or(WaitingError::Missing { member: SINCE })?;
        let tries = tries.ok_or(WaitingError::Missing { member: TRIES })?;
        Ok(Self {
            not_before: time(not_before.get())
                .ok_or(WaitingError::NotATime { member: NOT_BEFORE })?,
            since: time(since.get()).ok_or(WaitingError::NotATime { member: SINCE })?,
            tries: tries.get().parse().map_err(|_| WaitingError::NotACount)?,
            reason: reason
                .and_then(|reason| json::unquote(reason.get()))
                .and_then(WaitingReason::new),
        })
    }
}

impl Display for Waiting {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            not_before,
            since,
            tries,
            reason,
        } = self;
        write!(
            formatter,
            r#"{{"{NOT_BEFORE}":"{not_before}","{SINCE}":"{since}","{TRIES}":{tries}"#
        )?;
        if let Some(WaitingReason(reason)) = reason {
            write!(formatter, r#","{FOR}":{}"#, json::quote(reason))?;
        }
        formatter.write_str("}")
    }
}

/// Adds the mark to a state, which is a checked JSON object without the reserved key, or `null`. `null` becomes an
/// object with only the mark.
///
/// ```
/// use weld_protocol::{Waiting, with_waiting};
///
/// let waiting = Waiting {
///     not_before: "2030-01-02T03:04:05Z".parse()?,
///     since: "2030-01-02T03:00:00Z".parse()?,
///     tries: 1,
///     reason: None,
/// };
/// assert_eq!(
///     with_waiting(r#"{"page": 2}"#, &waiting),
///     concat!(
///         r#"{"page": 2,"weld-host":{"not-before":"2030-01-02T03:04:05Z","#,
///         r#""since":"2030-01-02T03:00:00Z","tries":1}}"#,
///     ),
/// );
/// # Ok::<(), jiff::Error>(())
/// ```
#[must_use]
pub fn with_waiting(guest_state: &str, waiting: &Waiting) -> String {
    let members = json::trim(guest_state)
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .map_or("", json::trim);
    let comma = if members.is_empty() { "" } else { "," };
    format!(r#"{{{members}{comma}"{RESERVED_KEY}":{waiting}}}"#)
}

/// Reads a quoted time.
fn time(quoted: &str) -> Option<Timestamp> {
    let text = json::unquote(quoted)?;
    // `jiff` accepts more than RFC 3339: a space instead of `T`, zones in brackets, offsets of hours only.
    if is_rfc3339(&text) {
        text.parse().ok()
    } else {
        None
    }
}

/// Whether a text has the form of RFC 3339 section 5.6. `jiff` checks whether the day exists.
fn is_rfc3339(text: &str) -> bool {
    let Some((date_and_time, rest)) = text
        .as_bytes()
        .split_at_checked("0000-00-00T00:00:00".len())
    else {
        return false;
    };
    let offset = match rest.split_first() {
        Some((b'.', rest)) => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            rest.get(digits..).unwrap_or_default()
        }
        _ => rest,
    };
    has_form(date_and_time, b"0000-00-00T00:00:00")
        && (has_form(offset, b"Z") || has_form(offset, b"+00:00") || has_form(offset, b"-00:00"))
}

/// Whether a text matches the form, in which each zero stands for any digit and each letter for both of its cases.
fn has_form(text: &[u8], form: &[u8]) -> bool {
    text.len() == form.len()
        && text.iter().zip(form).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte.eq_ignore_ascii_case(form),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(not_before: &str, since: &str, tries: u32) -> Waiting {
        Waiting {
            not_before: not_before.parse().unwrap(),
            since: since.parse().unwrap(),
            tries,
            reason: None,
        }
    }

    #[test]
    fn times_are_read_as_rfc_3339_and_nothing_else() {
        let cases = [
            ("2030-01-02T03:04:05Z", Some("2030-01-02T03:04:05Z")),
            ("2030-01-02t03:04:05z", Some("2030-01-02T03:04:05Z")),
            (
                "2030-01-02T03:04:05.000000001Z",
                Some("2030-01-02T03:04:05.000000001Z"),
            ),
            (
                "2030-01-02T03:04:05.5+01:30",
                Some("2030-01-02T01:34:05.5Z"),
            ),
            ("2030-01-02T03:04:05-00:00", Some("2030-01-02T03:04:05Z")),
            ("2030-02-29T00:00:00Z", None),
            ("2030-01-02T25:00:00Z", None),
            ("2030-01-02T03:04:05", None),
            ("2030-01-02T03:04:05.Z", None),
            ("2030-01-02T03:04:05,5Z", None),
            ("2030-01-02 03:04:05Z", None),
            ("2030-01-02T03:04Z", None),
            ("2030-01-02T03:04:05+01", None),
            ("2030-01-02T03:04:05+0100", None),
            ("2030-01-02T03:04:05Z[UTC]", None),
            ("2030-01-02", None),
            ("20300102T030405Z", None),
            ("+002030-01-02T03:04:05Z", None),
            (" 2030-01-02T03:04:05Z", None),
            ("2030-01-02T03:04:05Zé", None),
            ("tomorrow", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|text| text.parse::<Timestamp>().unwrap());
            assert_eq!(time(&json::quote(text)), expected, "{text:?}");
        }
    }

    #[test]
    fn malformed_marks_are_refused_by_cause() {
        let mark = |not_before: &str, since: &str, tries: &str| {
            format!(r#"{{"not-before": {not_before}, "since": {since}, "tries": {tries}}}"#)
        };
        let time = r#""2030-01-02T03:04:05Z""#;
        let cases = [
            (
                "null".to_owned(),
                WaitingError::NotAnObject {
                    found: JsonKind::Null,
                },
            ),
            (
                "[]".to_owned(),
                WaitingError::NotAnObject {
                    found: JsonKind::Array,
                },
            ),
            (
                "{}".to_owned(),
                WaitingError::Missing { member: NOT_BEFORE },
            ),
            (
                format!(r#"{{"not-before": {time}, "tries": 0}}"#),
                WaitingError::Missing { member: SINCE },
            ),
            (
                format!(r#"{{"not-before": {time}, "since": {time}}}"#),
                WaitingError::Missing { member: TRIES },
            ),
            (
                mark("null", time, "0"),
                WaitingError::NotATime { member: NOT_BEFORE },
            ),
            (
                mark(time, "1893553445", "0"),
                WaitingError::NotATime { member: SINCE },
            ),
            (
                mark(time, r#""\ud800""#, "0"),
                WaitingError::NotATime { member: SINCE },
            ),
            (mark(time, time, "-1"), WaitingError::NotACount),
            (mark(time, time, "1.0"), WaitingError::NotACount),
            (mark(time, time, "1e0"), WaitingError::NotACount),
            (mark(time, time, "\"1\""), WaitingError::NotACount),
            (mark(time, time, "4294967296"), WaitingError::NotACount),
        ];
        for (text, expected) in cases {
            assert_eq!(Waiting::parse(&text), Err(expected), "{text}");
        }
    }

    #[test]
    fn other_members_are_ignored_and_the_last_of_a_name_counts() {
        let text = r#"{"tries": "x", "not-before": "2030-01-02T03:04:05Z", "later": [{}],
            "since": "2030-01-02T03:00:00Z", "tries": 4294967295}"#;
        let expected = waiting("2030-01-02T03:04:05Z", "2030-01-02T03:00:00Z", u32::MAX);
        assert_eq!(Waiting::parse(text), Ok(expected));
    }

    #[test]
    fn reason_is_read_as_it_was_written_and_others_are_ignored() {
        let mark = |reason: &str| {
            let time = "2030-01-02T03:04:05Z";
            let text =
                format!(r#"{{"not-before":"{time}","since":"{time}","tries":1,"for":{reason}}}"#);
            Waiting::parse(&text).unwrap()
        };
        for text in ["quota of \"beers\"", &"x".repeat(MAX_REASON_BYTES)] {
            let read = mark(&json::quote(text));
            assert_eq!(read.reason, WaitingReason::new(text.to_owned()));
            assert_eq!(read.reason.as_ref().unwrap().as_str(), text);
            assert_eq!(Waiting::parse(&read.to_string()), Ok(read));
        }
        let long = "x".repeat(MAX_REASON_BYTES + 1);
        for text in ["", "a\r\nb", "Zo\u{eb}", "\u{7f}", &long] {
            assert_eq!(mark(&json::quote(text)).reason, None, "{text:?}");
        }
        for value in ["null", "1", "[]", r#""\ud800""#] {
            assert_eq!(mark(value).reason, None, "{value}");
        }
    }

    #[test]
    fn the_mark_is_added_behind_the_other_members() {
        let waiting = waiting("2030-01-02T03:04:05.25Z", "2030-01-02T03:00:00Z", 3);
        let mark = concat!(
            r#""weld-host":{"not-before":"2030-01-02T03:04:05.25Z","#,
            r#""since":"2030-01-02T03:00:00Z","tries":3}"#,
        );
        let cases = [
            ("null", format!("{{{mark}}}")),
            ("{}", format!("{{{mark}}}")),
            (" {\n} ", format!("{{{mark}}}")),
            (
                "{\"a\": {\"b\": 1e400}}",
                format!("{{\"a\": {{\"b\": 1e400}},{mark}}}"),
            ),
            ("\n{ \"a\": \"}\" }\n", format!("{{\"a\": \"}}\",{mark}}}")),
        ];
        for (state, expected) in cases {
            assert_eq!(with_waiting(state, &waiting), expected, "{state:?}");
        }
        assert_eq!(Waiting::parse(&waiting.to_string()), Ok(waiting));
    }
}
