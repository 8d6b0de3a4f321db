//! The answer to a request for a page.

use serde_json::value::RawValue;

use super::AnswerError;
use super::shape::{elements, of_kind, pick, required, text};
use crate::json::JsonKind;

/// A page as a connector answered it.
#[derive(Debug, Clone)]
pub struct PageAnswer {
    /// The rows: JSON objects.
    pub insert: Vec<Box<RawValue>>,
    /// What the next request must hand back: a JSON object or `null`.
    pub state: Box<RawValue>,
    /// Whether to ask for another page.
    pub has_more: bool,
}

/// Reads the answer to a request for a page.
///
/// # Errors
/// An [`AnswerError`] with the first fault found. All three members must be there.
pub fn read_page(body: &[u8]) -> Result<PageAnswer, AnswerError> {
    let [insert, state, has_more] =
        pick("the answer", text(body)?, ["insert", "state", "hasMore"])?;
    let insert = elements("insert", required("insert", insert)?)?;
    for (index, row) in insert.iter().enumerate() {
        of_kind(
            &format_args!("insert[{index}]"),
            row,
            "an object",
            &[JsonKind::Object],
        )?;
    }
    let state = required("state", state)?;
    of_kind(
        &"state",
        state,
        "an object or null",
        &[JsonKind::Object, JsonKind::Null],
    )?;
    let has_more = required("hasMore", has_more)?;
    of_kind(&"hasMore", has_more, "a boolean", &[JsonKind::Boolean])?;
    Ok(PageAnswer {
        insert: insert.into_iter().map(RawValue::to_owned).collect(),
        state: state.to_owned(),
        has_more: has_more.get() == "true",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_as_text() {
        let page = read_page(
            br#"{"more": 1, "hasMore": true, "insert": [ {"n": 1.50}, {} ], "state": null }"#,
        )
        .unwrap();
        let rows: Vec<_> = page.insert.iter().map(|row| row.get()).collect();
        assert_eq!(
            (rows, page.state.get(), page.has_more),
            (vec![r#"{"n": 1.50}"#, "{}"], "null", true)
        );
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
