//! One page of rows, with the state for the next one.

use std::time::Duration;

use serde::Serialize;

use crate::Error;
use crate::finite::to_json;
use crate::paging::Next;

/// One page of one table.
///
/// A new page is the last of its sync and leaves an empty state, so the next sync starts from the beginning.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Page {
    pub(crate) rows: String,
    pub(crate) state: String,
    pub(crate) more: bool,
    pub(crate) wait: Option<Duration>,
}

impl Page {
    /// Creates a page of these rows: a list of anything that serializes to JSON objects, or [`Rows`](crate::Rows),
    /// which are passed on as the API wrote them.
    ///
    /// # Errors
    ///
    /// [`Error::Other`] if the rows don't serialize, aren't a list, or contain a number that is NaN or infinite, which
    /// JSON doesn't have. In the last case the error names the place, such as `rows[3].price`;
    /// [`finite_or_null`](crate::finite_or_null) serializes such numbers as null. `serde_json::json!` turns them into
    /// null without an error.
    pub fn new(rows: impl Serialize) -> Result<Self, Error> {
        let rows = to_json(&rows, "rows")?;
        if !rows.trim_start().starts_with('[') {
            return Err(Error::Other("the rows of a page must be a list".to_owned()));
        }
        Ok(Self {
            rows,
            state: "{}".to_owned(),
            more: false,
            wait: None,
        })
    }

    /// Sets the state for the next page or, if this is the last one, for the next sync. Weld stores the state and shows
    /// it to people, so it must not contain secrets.
    ///
    /// # Errors
    ///
    /// [`Error::Other`] if it doesn't serialize, or isn't an object.
    pub fn state(mut self, state: &impl Serialize) -> Result<Self, Error> {
        let state = to_json(state, "state")?;
        if !state.starts_with('{') {
            return Err(Error::Other(format!(
                "the state of a page must be an object, not {state:.40}"
            )));
        }
        self.state = state;
        Ok(self)
    }

    /// Sets whether another page follows. By default none does.
    #[must_use]
    pub fn more(mut self, more: bool) -> Self {
        self.more = more;
        self
    }

    /// Sets the state and whether another page follows, from one of the kit's ways of [paging](crate::paging).
    ///
    /// # Errors
    ///
    /// Those of [`Page::state`].
    pub fn next(self, next: &Next<impl Serialize>) -> Result<Self, Error> {
        Ok(self.state(&next.state)?.more(next.more))
    }

    /// Sets how long the host waits before the next page, or the next sync, begins. Accepts a `Duration` or an
    /// `Option`.
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

    /// How long the host waits before the next page.
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
    fn a_page_ends_its_sync_by_default() {
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
    fn rows_must_be_a_list_and_a_state_an_object() {
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
