//! The trait that a connector implements, and the request it receives for a page.

use serde::de::DeserializeOwned;

use crate::{Error, Host, Page, Schema};

/// A connector, exported with [`export!`](macro@crate::export).
///
/// Each call runs in its own sandbox. Data that the next page needs goes into the page's state.
pub trait Connector {
    /// The connector's tables.
    ///
    /// # Errors
    ///
    /// Any error that prevents the connector from listing its tables, such as a missing variable.
    fn schema(host: &Host) -> Result<Schema, Error>;

    /// Fetches one page of the table `request.table()`, at the place that `request.state()` gives.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTable`] for a table that isn't in the schema, and any error that prevents the page.
    fn fetch_page(host: &Host, request: &PageRequest) -> Result<Page, Error>;
}

/// A request for one page of one table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageRequest {
    table: String,
    state: String,
}

impl PageRequest {
    /// A request for a page of `table`. `state` is the JSON object that the previous page left; `{}` asks for the first
    /// page.
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

    /// The state that the table's last page left. The default on the first page, and after a page that left `{}`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] if the state isn't an `S`: another version of the connector wrote it, or a person did.
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
                "cannot read the state of the table {}: {cause}",
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
    fn an_empty_state_is_the_default_and_others_are_parsed() {
        for (text, page) in [("{}", 1), (" { } ", 1), (r#"{"page": 7}"#, 7)] {
            let state = PageRequest::new("beers", text).state();
            assert_eq!(state, Ok(State { page }), "{text}");
        }
    }

    #[test]
    fn a_state_in_another_format_is_invalid_and_the_message_names_the_table() {
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
