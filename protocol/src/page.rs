//! One page as a connector returns it: checked as text and spliced into an answer without building a tree.

use crate::json::{self, JsonKind, ShapeFault, SyntaxError};
use crate::page_text::PageText;
use crate::reserved_key::has_reserved_key;
use crate::state::MAX_CANONICAL_DEPTH;
use crate::waiting::{Waiting, with_waiting};

/// A page that is valid for Weld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    insert: String,
    state: String,
    has_more: bool,
    rows: u64,
}

/// Why a page is not valid for Weld. The message is for the connector's author and quotes nothing from the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// `insert` is not one JSON value.
    #[error("insert is not JSON, {0}")]
    InsertNotJson(SyntaxError),
    /// `insert` is another kind of value.
    #[error("insert is {found}, not an array of rows")]
    InsertNotAnArray {
        /// The actual kind.
        found: JsonKind,
    },
    /// An element of `insert` is another kind of value; this is the first one.
    #[error("insert[{index}] is {found}, not an object")]
    RowNotAnObject {
        /// Counted from 0.
        index: u64,
        /// The actual kind.
        found: JsonKind,
    },
    /// `state` is not one JSON value.
    #[error("state is not JSON, {0}")]
    StateNotJson(SyntaxError),
    /// `state` is neither an object nor `null`.
    #[error("state is {found}, not an object or null")]
    StateNotAnObject {
        /// The actual kind.
        found: JsonKind,
    },
    /// `has-more` is true, but the state does not say where the next page begins: Weld would fetch the first page
    /// forever.
    #[error(
        "state is null though has-more is true: return the state that the next page begins with"
    )]
    MoreWithoutState,
    /// The state contains the key that is reserved for the host, in any spelling.
    #[error(
        "state has the member \"weld-host\", which is reserved for the host: choose another name"
    )]
    ReservedKey,
}

impl Page {
    /// Checks a page's parts: `insert` is a JSON array of objects and `state` a JSON object or `null`. White space
    /// around each of them is allowed. The texts are kept unchanged.
    ///
    /// # Errors
    /// A [`PageError`] with the first fault found; `insert` is checked before `state`.
    pub fn check(insert: String, state: String, has_more: bool) -> Result<Self, PageError> {
        let rows = check_insert(&insert)?;
        check_state(&state, has_more)?;
        Ok(Self {
            insert,
            state,
            has_more,
            rows,
        })
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The rows: a JSON array of objects.
    pub fn insert(&self) -> &str {
        &self.insert
    }

    /// The state: a JSON object or `null`.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The canonical spelling of the state, the same as [`IncomingState::canonical`](crate::IncomingState::canonical)
    /// of the request that sends it back.
    pub fn canonical_state(&self) -> String {
        json::canonical(&self.state, MAX_CANONICAL_DEPTH)
    }

    /// Whether Weld should ask for another page.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Adds the host's mark to the state, so that the next page waits. See [`with_waiting`].
    #[must_use]
    pub fn with_waiting(self, waiting: &Waiting) -> Self {
        Self {
            state: with_waiting(&self.state, waiting),
            ..self
        }
    }

    /// The page in the form that Weld reads. The rows are moved, not copied.
    pub fn into_parts(self) -> PageText {
        PageText::new(self.insert, &self.state, self.has_more)
    }
}

fn check_insert(insert: &str) -> Result<u64, PageError> {
    let mut rows = 0;
    let mut wrong = None;
    json::each_element(insert, |row| {
        if wrong.is_none() && !row.get().starts_with('{') {
            wrong = Some(PageError::RowNotAnObject {
                index: rows,
                found: JsonKind::of(row.get()),
            });
        }
        rows += 1;
    })
    .map_err(|fault| match fault {
        ShapeFault::Syntax(error) => PageError::InsertNotJson(error),
        ShapeFault::Kind(found) => PageError::InsertNotAnArray { found },
    })?;
    wrong.map_or(Ok(rows), Err)
}

fn check_state(state: &str, has_more: bool) -> Result<(), PageError> {
    match has_reserved_key(state) {
        Ok(false) => Ok(()),
        Ok(true) => Err(PageError::ReservedKey),
        Err(ShapeFault::Kind(JsonKind::Null)) if has_more => Err(PageError::MoreWithoutState),
        Err(ShapeFault::Kind(JsonKind::Null)) => Ok(()),
        Err(ShapeFault::Kind(found)) => Err(PageError::StateNotAnObject { found }),
        Err(ShapeFault::Syntax(error)) => Err(PageError::StateNotJson(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(insert: &str, state: &str, has_more: bool) -> Result<Page, PageError> {
        Page::check(insert.to_owned(), state.to_owned(), has_more)
    }

    #[test]
    fn sound_pages_are_spliced_as_they_are() {
        let cases = [
            ("[]", "{}", true, 0),
            ("[]", "null", false, 0),
            (
                " [ {} , {\"a\":[1,{\"b\":null}]} ]\n",
                " {\"page\" : 2}\t",
                true,
                2,
            ),
            (
                r#"[{"n":123456789012345678901234567890.0e-999}]"#,
                r#"{"in":{"weld-host":1}}"#,
                false,
                1,
            ),
            (r#"[{"lone":"\ud800"}]"#, "\nnull ", false, 1),
        ];
        for (insert, state, has_more, rows) in cases {
            let page = check(insert, state, has_more).unwrap();
            assert_eq!(page.rows(), rows, "{insert}");
            assert_eq!(
                (page.insert(), page.state(), page.has_more()),
                (insert, state, has_more)
            );
            let text = page.into_parts();
            let whole = format!("{{\"insert\":{insert},\"state\":{state},\"hasMore\":{has_more}}}");
            assert_eq!(text.len(), whole.len());
            assert_eq!(text.chunks().concat(), whole);
            assert_eq!(text.into_chunks().concat(), whole);
        }
    }

    #[test]
    fn faulty_pages_are_refused_by_cause() {
        let cases = [
            (
                "",
                "{}",
                "insert is not JSON, line 1, column 0: EOF while parsing a value",
            ),
            (
                "[{}",
                "{}",
                "insert is not JSON, line 1, column 3: EOF while parsing a list",
            ),
            (
                "[{},]",
                "{}",
                "insert is not JSON, line 1, column 5: trailing comma",
            ),
            (
                "[1,{]",
                "{}",
                "insert is not JSON, line 1, column 5: key must be a string",
            ),
            (
                "[]]",
                "{}",
                "insert is not JSON, line 1, column 3: trailing characters",
            ),
            (
                "{\"a\":1}",
                "{}",
                "insert is an object, not an array of rows",
            ),
            ("\"[]\"", "{}", "insert is a string, not an array of rows"),
            (
                "[{}, {}, [], 1]",
                "{}",
                "insert[2] is an array, not an object",
            ),
            ("[null]", "{}", "insert[0] is null, not an object"),
            (
                "[]",
                "",
                "state is not JSON, line 1, column 0: EOF while parsing a value",
            ),
            (
                "[]",
                "{\"a\":}",
                "state is not JSON, line 1, column 6: expected value",
            ),
            (
                "[]",
                "{} {}",
                "state is not JSON, line 1, column 4: trailing characters",
            ),
            ("[]", "[]", "state is an array, not an object or null"),
            (
                "[]",
                "null",
                "state is null though has-more is true: \
                return the state that the next page begins with",
            ),
            (
                "[]",
                "{\"a\":1,\"weld-host\":{}}",
                "state has the member \"weld-host\", \
                which is reserved for the host: choose another name",
            ),
            (
                "[]",
                "{\"weld\\u002dhost\":1,\"a\":1}",
                "state has the member \"weld-host\", \
                which is reserved for the host: choose another name",
            ),
        ];
        for (insert, state, message) in cases {
            let error = check(insert, state, true).unwrap_err();
            assert_eq!(error.to_string(), message, "{insert} {state}");
        }
    }

    #[test]
    fn a_wait_is_written_into_the_state() {
        let time = "2030-01-02T03:04:05Z".parse().unwrap();
        let waiting = Waiting {
            not_before: time,
            since: time,
            tries: 0,
            reason: None,
        };
        let mark = format!(r#""weld-host":{waiting}"#);
        for (state, expected) in [
            ("null", format!("{{{mark}}}")),
            ("{\"a\":1}", format!("{{\"a\":1,{mark}}}")),
        ] {
            let page = check("[{}]", state, false).unwrap().with_waiting(&waiting);
            assert_eq!(
                (page.state(), page.rows(), page.has_more()),
                (expected.as_str(), 1, false)
            );
        }
    }
}
