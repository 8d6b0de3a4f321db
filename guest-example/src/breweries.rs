//! Pages by offset: `offset=0`, `offset=50`, … until a page is not full.

use serde::{Deserialize, Serialize};

use crate::api::{Request, Response};
use crate::exports::weld::connector::source::{Error, Table};
use crate::paging::{Paged, Step};
use crate::schema::{field, nullable, table};

const LIMIT: usize = 50;

pub struct Breweries;

#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// How many rows lie before the next page; none when a sync begins.
    offset: Option<usize>,
}

impl State {
    fn offset(&self) -> usize {
        self.offset.unwrap_or(0)
    }
}

impl Paged for Breweries {
    type State = State;

    fn request(state: &State) -> Request {
        Request::new("/breweries")
            .with("offset", state.offset())
            .with("limit", LIMIT)
    }

    fn step(state: State, response: Response) -> Result<Step<State>, Error> {
        let count = response.count()?;
        let has_more = count >= LIMIT;
        let offset = has_more.then(|| state.offset().saturating_add(count));
        Ok(Step {
            rows: response.body,
            state: State { offset },
            has_more,
        })
    }
}

pub fn schema() -> Table {
    table(
        "breweries",
        "id",
        vec![
            field("id", "int"),
            field("name", "string"),
            field("kind", "string"),
            field("street", "string"),
            field("city", "string"),
            field("country", "string"),
            nullable("website", "string"),
            field("founded", "int"),
            field("location", "object"),
            field("styles", "array"),
            field("open_to_visitors", "boolean"),
            field("about", "string"),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::response;

    fn page(count: usize) -> Response {
        response(&format!("[{}]", vec!["{}"; count].join(",")))
    }

    #[test]
    fn a_sync_begins_at_the_first_row() {
        let request = Breweries::request(&State::default());
        assert_eq!(
            request,
            Request::new("/breweries")
                .with("offset", 0)
                .with("limit", 50)
        );
    }

    #[test]
    fn a_full_page_moves_the_offset_by_its_rows() {
        let step = Breweries::step(State { offset: Some(100) }, page(50)).unwrap();
        assert!(step.has_more);
        assert_eq!(step.state, State { offset: Some(150) });
    }

    #[test]
    fn a_page_that_is_not_full_is_the_last() {
        for count in [0, 10, 49] {
            let step = Breweries::step(State { offset: Some(200) }, page(count)).unwrap();
            assert!(!step.has_more, "{count}");
            assert_eq!(step.state, State::default());
        }
    }
}
