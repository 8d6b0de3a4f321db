//! One page of rows, with what leads to the next.

use std::time::Duration;

use serde::Serialize;

use crate::Error;
use crate::finite::to_json;
use crate::paging::Next;

/// One page of one table.
///
/// A new page is the last one and leaves an empty state, so that the next sync begins anew.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Page {
    pub(crate) rows: String,
    pub(crate) state: String,
    pub(crate) more: bool,
    pub(crate) wait: Option<Duration>,
}

impl Page {
    /// A page with these rows: a list of anything that serializes to JSON objects, or [`Rows`](crate::Rows), which pass
    /// through as the API wrote them.
    ///
    /// # Errors
    ///
    /// [`Error::Other`] where they don't serialize, or to something else than a list, or where a number is NaN or infinite,
    /// which JSON doesn't have: the error names its place, such as `rows[3].price`, and
    /// [`finite_or_null`](crate::finite_or_null) makes null of it. `serde_json::json!` makes null of it by itself.
    pub fn new(rows: impl Serialize) -> Result<Self, Error> {
        let rows = to_json(&rows, "rows")?;
        if !rows.trim_start().starts_with('[') {
            return Err(Error::Other("a page's rows must be a list".to_owned()));
        }
        Ok(Self {
            rows,
            state: "{}".to_owned(),
            more: false,
            wait: None,
        })
    }

    /// Leaves this state for the next page, or where this is the last one, for the next sync. Weld keeps it, and shows
    /// it to people: no secrets.
    ///
    /// # Errors
    ///
    /// [`Error::Other`] where it doesn't serialize, or to something else than an object.
    pub fn state(mut self, state: &impl Serialize) -> Result<Self, Error> {
        let state = to_json(state, "state")?;
        if !state.starts_with('{') {
            return Err(Error::Other(format!(
                "a page's state must be an object, not {state:.40}"
            )));
        }
        self.state = state;
        Ok(self)
    }

    /// Whether another page follows. By default none does.
    #[must_use]
    pub fn more(mut self, more: bool) -> Self {
        self.more = more;
        self
    }

    /// Goes on as one of the kit's ways of [paging](crate::paging) says: its state, and whether there is more.
    ///
    /// # Errors
    ///
    /// Those of [`Page::state`].
    pub fn next(self, next: &Next<impl Serialize>) -> Result<Self, Error> {
        Ok(self.state(&next.state)?.more(next.more))
    }

    /// How long the host is to wait before the next page, or the next sync, begins. Also an `Option` will do.
    #[must_use]
    pub fn wait(mut self, wait: impl Into<Option<Duration>>) -> Self {
        self.wait = wait.into();
        self
    }

    /// The rows as JSON text.
    #[must_use]
    pub fn rows_json(&self) -> &str {
        &self.rows
    }

    /// The state as JSON text.
    #[must_use]
    pub fn state_json(&self) -> &str {
        &self.state
    }

    /// Whether another page follows.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// How long the host is to wait before the next page.
    #[must_use]
    pub fn waits(&self) -> Option<Duration> {
        self.wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_has_rows_and_ends_its_sync_unless_it_says_otherwise() {
        let page = Page::new([json!({"id": 1})]).unwrap();
        assert_eq!(
            (page.rows_json(), page.state_json()),
            (r#"[{"id":1}]"#, "{}")
        );
        assert!(!page.has_more() && page.waits().is_none());

        let second = Duration::from_secs(1);
        let page = page
            .state(&json!({"page": 2}))
            .unwrap()
            .more(true)
            .wait(second);
        assert_eq!(page.state_json(), r#"{"page":2}"#);
        assert!(page.has_more());
        assert_eq!(page.waits(), Some(second));
    }

    #[test]
    fn rows_that_are_no_list_and_states_that_are_no_object_are_refused() {
        assert!(matches!(Page::new(json!({"id": 1})), Err(Error::Other(_))));
        let page = || Page::new([(); 0]).unwrap();
        for state in [json!(1), json!([]), json!(null), json!("{}")] {
            assert!(
                matches!(page().state(&state), Err(Error::Other(_))),
                "{state}"
            );
        }
    }
}
