//! The state of a request: the text that Weld sent, the part that the connector receives, and the host's own mark in
//! it.

use crate::json::{self, JsonKind, ShapeFault};
use crate::request_error::RequestError;
use crate::reserved_key::{RESERVED_KEY, without_reserved_key};
use crate::waiting::Waiting;

const EMPTY: &str = "{}";

/// How deep states are rewritten. Deeper values are compared as they are spelled: with names out of order at each
/// level, a hostile state would be copied once for each level, and no real cursor is that deep.
pub(crate) const MAX_CANONICAL_DEPTH: usize = 128;

/// The state of a request for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingState {
    received: String,
    /// `None` if it equals the received text.
    guest: Option<String>,
    waiting: Option<Waiting>,
}

impl IncomingState {
    /// The state as Weld sent it, including the reserved key: a JSON object, or `{}` if the request had none.
    pub fn received(&self) -> &str {
        &self.received
    }

    /// The state as the connector receives it: a JSON object without the reserved key. If the received text has no
    /// such key, it is returned byte for byte. Otherwise the other members keep their order and text.
    pub fn guest(&self) -> &str {
        self.guest.as_deref().unwrap_or(&self.received)
    }

    /// The canonical spelling of the connector's part of the state. Two spellings are equal exactly if the values
    /// are, to the last digit.
    pub fn canonical(&self) -> String {
        json::canonical(self.guest(), MAX_CANONICAL_DEPTH)
    }

    /// Like [`guest`](Self::guest), without a copy.
    pub fn into_guest(self) -> String {
        self.guest.unwrap_or(self.received)
    }

    /// When the page may begin; `None` if the host did not mark the state.
    pub fn waiting(&self) -> Option<&Waiting> {
        self.waiting.as_ref()
    }

    /// Reads a JSON text that is known to be well-formed.
    pub(crate) fn parse(text: &str) -> Result<Self, RequestError> {
        if JsonKind::of(text) == JsonKind::Null {
            return Ok(Self::default());
        }
        let refusal = |fault| match fault {
            ShapeFault::Syntax(error) => RequestError::NotJson(error),
            ShapeFault::Kind(found) => RequestError::StateNotAnObject { found },
        };
        let [mark] = json::pick(text, [RESERVED_KEY]).map_err(refusal)?;
        let (guest, waiting) = match mark {
            None => (None, None),
            Some(mark) => {
                let waiting = Waiting::parse(mark.get()).map_err(RequestError::ReservedKey)?;
                (
                    Some(without_reserved_key(text).map_err(refusal)?),
                    Some(waiting),
                )
            }
        };
        Ok(Self {
            received: text.to_owned(),
            guest,
            waiting,
        })
    }
}

impl Default for IncomingState {
    /// The state of a table's first page.
    fn default() -> Self {
        Self {
            received: EMPTY.to_owned(),
            guest: None,
            waiting: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waiting::WaitingError;

    const MARK: &str =
        r#"{"not-before":"2030-01-02T03:04:05Z","since":"2030-01-02T03:00:00Z","tries":2}"#;

    #[test]
    fn a_state_without_the_reserved_key_stays_as_it_is() {
        let cases = [
            "{}",
            "{ }",
            "{\n  \"page\" : 2 ,\"n\":123456789012345678901234567890.10e+5}",
            r#"{"in": {"weld-host": 1}, "list": [{"weld-host": 2}], "WELD-HOST": 3, "weld-host2": 4}"#,
            r#"{"a": 1, "a": 2, "\ud800": "\udfff"}"#,
        ];
        for text in cases {
            let state = IncomingState::parse(text).unwrap();
            assert_eq!(state.received(), text);
            assert_eq!(state.guest(), text);
            assert_eq!(state.waiting(), None, "{text}");
        }
    }

    #[test]
    fn a_state_is_rewritten_down_to_a_maximum_depth() {
        // The state's own bracket counts as one level.
        let nested = |levels: usize, inner: &str| {
            let (left, right) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
            let state = format!("{{\"a\":{left}{inner}{right}}}");
            IncomingState::parse(&state).unwrap().canonical()
        };
        for (levels, inner, expected) in [
            (MAX_CANONICAL_DEPTH, "[ 1.0 ]", "[ 1.0 ]"),
            (MAX_CANONICAL_DEPTH - 1, "[ 1.0 ]", "[1]"),
        ] {
            let canonical = nested(levels, inner);
            assert_eq!(canonical, nested(levels, expected));
            assert!(canonical.contains(expected), "{levels}");
        }
    }

    #[test]
    fn the_reserved_key_is_taken_out_in_every_spelling_and_repetition() {
        let cases = [
            (r#"{"weld-host": MARK}"#, "{}"),
            (r#"{"\u0077eld-host": MARK, "page": 2}"#, r#"{"page":2}"#),
            (r#"{"page": 2, "weld\u002dhost": MARK}"#, r#"{"page":2}"#),
            (
                r#"{"weld-host": 1, "a": [1, 2], "weld-hos\u0074": 2, "\u0061": 1.0e5, "weld-host": MARK}"#,
                r#"{"a":[1, 2],"\u0061":1.0e5}"#,
            ),
            (
                r#"{"weld-host": MARK, "in": {"weld-host": 1}}"#,
                r#"{"in":{"weld-host": 1}}"#,
            ),
        ];
        for (text, guest) in cases {
            let text = text.replace("MARK", MARK);
            let state = IncomingState::parse(&text).unwrap();
            assert_eq!(state.received(), text);
            assert_eq!(state.guest(), guest, "{text}");
            assert_eq!(
                state.waiting().cloned(),
                Some(Waiting::parse(MARK).unwrap()),
                "{text}"
            );
            assert_eq!(state.into_guest(), guest);
        }
    }

    #[test]
    fn only_the_last_reserved_key_must_be_well_formed() {
        let text = format!(r#"{{"weld-host": {MARK}, "weld-host": 1}}"#);
        assert_eq!(
            IncomingState::parse(&text),
            Err(RequestError::ReservedKey(WaitingError::NotAnObject {
                found: JsonKind::Number
            })),
        );
    }

    #[test]
    fn null_is_the_empty_state() {
        assert_eq!(IncomingState::parse("null"), Ok(IncomingState::default()));
        assert_eq!(IncomingState::default().guest(), "{}");
        assert_eq!(IncomingState::default().received(), "{}");
    }
}
