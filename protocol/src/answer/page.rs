//! The answer to a request for a page.

use std::fmt::{self, Formatter};

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::shape::{AnswerError, elements, of_kind, pick, required, text};
use crate::json::{self, JsonKind};
use crate::reserved_key::RESERVED_KEY;
use crate::waiting::Waiting;

/// A page as a connector answered it.
#[derive(Debug, Clone)]
pub struct PageAnswer {
    /// The rows: JSON objects.
    pub insert: Vec<Box<RawValue>>,
    /// The state to send back with the next request: a JSON object or `null`.
    pub state: Box<RawValue>,
    /// Whether to ask for another page.
    pub has_more: bool,
}

impl PageAnswer {
    /// The host's mark in the state: when the next page may begin. `None` if there is no mark, or not one that this
    /// host writes.
    #[must_use]
    pub fn waiting(&self) -> Option<Waiting> {
        let [mark] = json::pick(self.state.get(), [RESERVED_KEY]).ok()?;
        Waiting::parse(mark?.get()).ok()
    }

    /// Whether the state equals the one that was sent, so that the next request would be the same. `null` and `{}`
    /// are equal. The host's mark and white space between members are ignored; another order or spelling makes
    /// another state.
    #[must_use]
    pub fn keeps(&self, sent: &RawValue) -> bool {
        members(&self.state) == members(sent)
    }
}

/// The members of a state without the host's mark.
fn members(state: &RawValue) -> Vec<(&str, &str)> {
    let mut members = Vec::new();
    // `null` has no members, and the state can't be anything else than that or an object.
    let _ = json::each_member(state.get(), |name, value| {
        if !json::is_name(name, RESERVED_KEY) {
            members.push((name, value.get()));
        }
    });
    members
}

/// Reads the answer to a request for a page.
///
/// # Errors
/// An [`AnswerError`] with the first fault found. All three members are required.
pub fn read_page(body: &[u8]) -> Result<PageAnswer, AnswerError> {
    let text = text(body)?;
    let (rows, state, has_more) = match Members::read(text) {
        Some(members) => members,
        None => {
            let [insert, state, has_more] =
                pick("the answer", text, ["insert", "state", "hasMore"])?;
            (
                elements("insert", required("insert", insert)?)?,
                required("state", state)?,
                required("hasMore", has_more)?,
            )
        }
    };
    for (index, row) in rows.iter().enumerate() {
        of_kind(
            &format_args!("insert[{index}]"),
            row,
            "an object",
            &[JsonKind::Object],
        )?;
    }
    of_kind(
        &"state",
        state,
        "an object or null",
        &[JsonKind::Object, JsonKind::Null],
    )?;
    of_kind(&"hasMore", has_more, "a boolean", &[JsonKind::Boolean])?;
    Ok(PageAnswer {
        insert: rows.into_iter().map(RawValue::to_owned).collect(),
        state: state.to_owned(),
        has_more: has_more.get() == "true",
    })
}

/// The members of an answer, found in one walk. A page's rows are most of what a sync reads, and finding where each
/// begins and ends takes most of the time.
#[derive(Default)]
struct Members<'a> {
    insert: Option<Vec<&'a RawValue>>,
    state: Option<&'a RawValue>,
    has_more: Option<&'a RawValue>,
}

impl<'a> Members<'a> {
    /// Rows, state and whether there is more. `None` if one of them is missing, `insert` is not a list, or the text
    /// is not a JSON object. The cause is not reported; a second walk finds it.
    fn read(text: &'a str) -> Option<(Vec<&'a RawValue>, &'a RawValue, &'a RawValue)> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let members = deserializer.deserialize_map(Self::default()).ok()?;
        deserializer.end().ok()?;
        Some((members.insert?, members.state?, members.has_more?))
    }
}

impl<'a> Visitor<'a> for Members<'a> {
    type Value = Self;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut members: A) -> Result<Self, A::Error> {
        // The last of several members with the same name counts.
        while let Some(name) = members.next_key::<&RawValue>()? {
            if json::is_name(name.get(), "insert") {
                self.insert = Some(members.next_value()?);
            } else if json::is_name(name.get(), "state") {
                self.state = Some(members.next_value()?);
            } else if json::is_name(name.get(), "hasMore") {
                self.has_more = Some(members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_as_text() {
        let texts = [
            r#" {"more": [{}], "hasMore": true, "insert": [ {"n": 1.50}, {} ], "state": null } "#,
            // The last of several members counts, in any spelling.
            r#"{"insert": 1e999, "state": 1, "hasMore": 0, "\u0069nsert": [{"n": 1.50},{}], "state": null, "hasMore": true}"#,
        ];
        for text in texts {
            let page = read_page(text.as_bytes()).unwrap();
            let rows: Vec<_> = page.insert.iter().map(|row| row.get()).collect();
            assert_eq!(
                (rows, page.state.get(), page.has_more),
                (vec![r#"{"n": 1.50}"#, "{}"], "null", true),
                "{text}"
            );
        }
    }

    fn answer(state: &str) -> PageAnswer {
        PageAnswer {
            insert: Vec::new(),
            state: RawValue::from_string(state.to_owned()).unwrap(),
            has_more: true,
        }
    }

    #[test]
    fn the_hosts_mark_is_read() {
        let mark =
            r#"{"not-before":"2030-01-02T03:04:05Z","since":"2030-01-02T03:00:00Z","tries":2}"#;
        let marked = answer(&format!(r#"{{"page": 2, "weld-host": {mark}}}"#));
        assert_eq!(marked.waiting(), Waiting::parse(mark).ok());
        for state in [
            "null",
            "{}",
            r#"{"weld-host": 1}"#,
            r#"{"a": {"weld-host": {}}}"#,
        ] {
            assert_eq!(answer(state).waiting(), None, "{state}");
        }
    }

    #[test]
    fn states_are_compared_without_the_hosts_mark() {
        for (answered, sent, same) in [
            ("{}", "null", true),
            ("null", " { } ", true),
            (r#"{"a":1,"b":[2]}"#, r#"{ "a" : 1, "b" : [2] }"#, true),
            (r#"{"a":1,"weld-host":{"tries":1}}"#, r#"{"a":1}"#, true),
            (r#"{"a":1}"#, r#"{"\u0077eld-host":0,"a":1}"#, true),
            (r#"{"a":1}"#, "{}", false),
            (
                r#"{"a":12345678901234567890123}"#,
                r#"{"a":12345678901234567890124}"#,
                false,
            ),
        ] {
            let sent = RawValue::from_string(sent.to_owned()).unwrap();
            assert_eq!(answer(answered).keeps(&sent), same, "{answered} {sent}");
        }
    }

    #[test]
    fn faulty_pages_are_refused_with_the_place() {
        let cases = [
            (
                r#"{"state": {}, "hasMore": false}"#,
                "the answer has no insert",
            ),
            (
                r#"{"insert": [], "hasMore": false}"#,
                "the answer has no state",
            ),
            (
                r#"{"insert": [], "state": {}}"#,
                "the answer has no hasMore",
            ),
            (
                r#"{"insert": {}, "state": {}, "hasMore": false}"#,
                "insert is an object, not a list",
            ),
            (
                r#"{"insert": "\ud800", "state": {}, "hasMore": false}"#,
                "insert is a string, not a list",
            ),
            (
                r#"{"insert": null, "state": {}, "hasMore": false}"#,
                "insert is null, not a list",
            ),
            (
                r#"{"insert": [{}], "insert": [[]], "state": {}, "hasMore": false}"#,
                "insert[0] is an array, not an object",
            ),
            (
                r#"{"insert": [{}}], "state": {}, "hasMore": false}"#,
                "the answer is not JSON, line 1, column 15: expected `,` or `]`",
            ),
            (
                r#"[{"insert": [{}]}]"#,
                "the answer is an array, not an object",
            ),
            (
                r#"{"insert": [{}, 1], "state": {}, "hasMore": false}"#,
                "insert[1] is a number, not an object",
            ),
            (
                r#"{"insert": [], "state": "{}", "hasMore": false}"#,
                "state is a string, not an object or null",
            ),
            (
                r#"{"insert": [], "state": {}, "hasMore": "false"}"#,
                "hasMore is a string, not a boolean",
            ),
        ];
        for (body, message) in cases {
            assert_eq!(
                read_page(body.as_bytes()).unwrap_err().to_string(),
                message,
                "{body}"
            );
        }
    }
}
