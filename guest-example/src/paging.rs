//! What all tables have in common: one page is one request to the API, and the state says which.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::{self, Request, Response};
use crate::exports::weld::connector::source::{Error, Page};
use crate::settings::Settings;

/// With fewer requests left than this, the connector leaves the rest of the API's quota to others.
const RESERVE: u32 = 5;
/// Until the API grants a new quota. In milliseconds.
const HOUR: u32 = 3_600_000;

/// A table, and the way through its rows.
pub trait Paged {
    /// What one page leaves for the next, a JSON object. The default, `{}`, begins at the first page.
    type State: Default + DeserializeOwned + Serialize;

    /// The request for the page that `state` leads to.
    fn request(state: &Self::State) -> Request;

    /// Takes the rows from the API's answer and says where the next page begins.
    fn step(state: Self::State, response: Response) -> Result<Step<Self::State>, Error>;
}

/// One page of a table.
#[derive(Debug)]
pub struct Step<State> {
    /// A JSON array: the API's own text, not parsed and written anew.
    pub rows: String,
    /// Leads to the next page, or to where the next sync begins.
    pub state: State,
    pub has_more: bool,
}

/// Fetches the page of `T` that `state`, a JSON object, leads to.
pub fn fetch_page<T: Paged>(state: &str) -> Result<Page, Error> {
    let state =
        serde_json::from_str(state).map_err(|cause| Error::InvalidState(cause.to_string()))?;
    let settings = Settings::read(|name| std::env::var(name).ok())?;

    let response = api::get(&settings, &T::request(&state))?;
    let remaining = response.remaining();
    let step = T::step(state, response)?;

    Ok(Page {
        insert: step.rows,
        state: serde_json::to_string(&step.state)
            .map_err(|cause| Error::Other(cause.to_string()))?,
        has_more: step.has_more,
        wait: wait(settings.pause, remaining, step.has_more),
    })
}

/// How long the host is to wait before it asks for the next page. All in milliseconds.
///
/// A quota that is nearly spent holds back the next sync too.
fn wait(pause: u32, remaining: Option<u32>, has_more: bool) -> Option<u32> {
    if remaining.is_some_and(|remaining| remaining < RESERVE) {
        Some(HOUR)
    } else {
        (has_more && pause > 0).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_lies_between_pages_and_not_after_the_last() {
        assert_eq!(wait(500, Some(3_000), true), Some(500));
        assert_eq!(wait(500, Some(3_000), false), None);
        assert_eq!(wait(500, None, true), Some(500));
        assert_eq!(wait(0, None, true), None);
    }

    #[test]
    fn a_nearly_spent_quota_is_an_hour_s_wait() {
        assert_eq!(wait(500, Some(5), true), Some(500));
        assert_eq!(wait(500, Some(4), true), Some(HOUR));
        assert_eq!(wait(0, Some(0), false), Some(HOUR));
    }
}
