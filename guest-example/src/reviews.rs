//! Pages by cursor: each answer holds the cursor of the next page, and `null` on the last.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::api::{Request, Response};
use crate::exports::weld::connector::source::{Error, Table};
use crate::paging::{Paged, Step};
use crate::schema::{field, nullable, table};

const LIMIT: usize = 80;

pub struct Reviews;

#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// Means something to the API alone; none when a sync begins.
    cursor: Option<String>,
}

/// The API's answer, its rows left as text.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    reviews: &'a RawValue,
    next_cursor: Option<String>,
}

impl Paged for Reviews {
    type State = State;

    fn request(state: &State) -> Request {
        let request = Request::new("/reviews").with("limit", LIMIT);
        match &state.cursor {
            Some(cursor) => request.with_cursor("cursor", cursor),
            None => request,
        }
    }

    fn step(_: State, response: Response) -> Result<Step<State>, Error> {
        let answer: Answer = response.read()?;
        Ok(Step {
            rows: answer.reviews.get().into(),
            has_more: answer.next_cursor.is_some(),
            state: State {
                cursor: answer.next_cursor,
            },
        })
    }
}

pub fn schema() -> Table {
    table(
        "reviews",
        "id",
        vec![
            field("id", "int"),
            field("beer_id", "int"),
            field("customer_id", "int"),
            field("stars", "int"),
            field("title", "string"),
            nullable("text", "string"),
            field("scores", "object"),
            field("tags", "array"),
            field("helpful_votes", "int"),
            field("written_at", "datetime"),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::response;

    #[test]
    fn a_sync_begins_without_a_cursor() {
        let request = Reviews::request(&State::default());
        assert_eq!(request, Request::new("/reviews").with("limit", 80));
    }

    #[test]
    fn the_cursor_is_handed_back_as_it_came() {
        let step = Reviews::step(
            State::default(),
            response(r#"{"reviews": [{"id": 1}], "next_cursor": "x+/="}"#),
        );
        let step = step.unwrap();
        assert!(step.has_more);
        assert_eq!(step.rows, r#"[{"id": 1}]"#);
        let request = Reviews::request(&step.state);
        assert_eq!(
            request,
            Request::new("/reviews")
                .with("limit", 80)
                .with_cursor("cursor", "x+/=")
        );
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let state = State {
            cursor: Some("x".into()),
        };
        let step =
            Reviews::step(state, response(r#"{"reviews": [], "next_cursor": null}"#)).unwrap();
        assert!(!step.has_more);
        assert_eq!(step.state, State::default());
    }

    #[test]
    fn an_answer_without_reviews_is_the_api_s_fault() {
        let step = Reviews::step(State::default(), response(r#"{"next_cursor": null}"#));
        assert!(matches!(step, Err(Error::Upstream(_))));
    }
}
