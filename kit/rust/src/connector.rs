//! What a connector is: tables, and the way to a page of each.

use serde::de::DeserializeOwned;

use crate::{Error, Host, Page, Schema};

/// A connector, exported with [`export!`](macro@crate::export).
///
/// Each call runs in a sandbox of its own: what must survive until the next page goes into the page's state.
pub trait Connector {
    /// The connector's tables.
    ///
    /// # Errors
    ///
    /// Whatever keeps the connector from knowing its tables, such as a missing variable.
    fn schema(host: &Host) -> Result<Schema, Error>;

    /// The page of `request.table()` that `request.state()` leads to.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTable`] for a table that isn't in the schema, and whatever keeps the page from being made.
    fn fetch_page(host: &Host, request: &PageRequest) -> Result<Page, Error>;
}

/// Which page Weld wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageRequest {
    table: String,
    state: String,
}

impl PageRequest {
    /// A request for the page of `table` that `state`, a JSON object, leads to; `{}` is the first.
    #[must_use]
    pub fn new(table: impl Into<String>, state: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            state: state.into(),
        }
    }

    /// The table's name, as in the schema.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// What the table's last page left; the default where there was none, or one that left `{}`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] for a state that isn't an `S`: another version of the connector wrote it, or a person.
    pub fn state<S: Default + DeserializeOwned>(&self) -> Result<S, Error> {
        let text = self.state.trim();
        let inside = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        if inside.is_some_and(|inside| inside.trim().is_empty()) {
            return Ok(S::default());
        }
        serde_json::from_str(text).map_err(|cause| {
            Error::InvalidState(format!(
                "the state of {} can't be read: {cause}",
                self.table
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct State {
        page: u32,
    }

    impl Default for State {
        fn default() -> Self {
            Self { page: 1 }
        }
    }

    #[test]
    fn an_empty_state_is_the_default_and_another_is_read() {
        for (text, page) in [("{}", 1), (" { } ", 1), (r#"{"page": 7}"#, 7)] {
            let state = PageRequest::new("beers", text).state();
            assert_eq!(state, Ok(State { page }), "{text}");
        }
    }

    #[test]
    fn a_state_of_another_make_is_invalid_and_says_why() {
        for text in [
            "",
            "{",
            "null",
            "[]",
            r#"{"page": "2"}"#,
            r#"{"offset": 2}"#,
        ] {
            let state = PageRequest::new("beers", text).state::<State>();
            let Err(Error::InvalidState(message)) = state else {
                panic!("{text}: {state:?}");
            };
            assert!(message.contains("beers"), "{message}");
        }
    }
}
