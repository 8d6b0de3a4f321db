//! Pages by number, as in Weld's guide: `page=1`, `page=2`, … until a page is not full.
//!
//! A sync that has come to its end begins at the first page again: the table is fetched whole each time.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::api::{Request, Response};
use crate::exports::weld::connector::source::{Error, Table};
use crate::paging::{Paged, Step};
use crate::schema::{field, nullable, table};

const PER_PAGE: usize = 80;
/// The guide counts a page with this many rows as full.
const FULL: usize = 79;

pub struct Beers;

/// The guide's state, to the letter: a sync that its function began can go on here.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    next_page: Option<NonZeroU32>,
    ratelimit: RateLimit,
}

/// The quota as the last response told it.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
struct RateLimit {
    remaining: Option<u32>,
    limit: Option<u32>,
}

impl State {
    fn page(&self) -> NonZeroU32 {
        self.next_page.unwrap_or(NonZeroU32::MIN)
    }
}

impl Paged for Beers {
    type State = State;

    fn request(state: &State) -> Request {
        Request::new("/beers")
            .with("page", state.page())
            .with("per_page", PER_PAGE)
    }

    fn step(state: State, response: Response) -> Result<Step<State>, Error> {
        let has_more = response.count()? >= FULL;
        let next_page = has_more.then(|| state.page().saturating_add(1));
        let ratelimit = RateLimit {
            remaining: response.remaining(),
            limit: response.limit(),
        };
        Ok(Step {
            rows: response.body,
            state: State {
                next_page,
                ratelimit,
            },
            has_more,
        })
    }
}

pub fn schema() -> Table {
    table(
        "beers",
        "id",
        vec![
            field("id", "int"),
            field("name", "string"),
            field("tagline", "string"),
            field("first_brewed", "string"),
            field("description", "string"),
            field("image_url", "string"),
            field("abv", "double"),
            nullable("ibu", "double"),
            field("target_fg", "double"),
            field("target_og", "double"),
            field("ebc", "double"),
            field("srm", "double"),
            field("ph", "double"),
            field("attenuation_level", "double"),
            field("volume", "object"),
            field("boil_volume", "object"),
            field("method", "object"),
            field("ingredients", "object"),
            field("food_pairing", "array"),
            field("brewers_tips", "string"),
            field("contributed_by", "string"),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::response;

    fn state(text: &str) -> State {
        serde_json::from_str(text).unwrap()
    }

    fn rows(count: usize) -> String {
        format!("[{}]", vec![r#"{"id": 1.50}"#; count].join(", "))
    }

    #[test]
    fn the_first_page_is_number_one() {
        for first in [
            "{}",
            r#"{"next_page": null, "ratelimit": {"remaining": 9, "limit": 60}}"#,
        ] {
            let request = Beers::request(&state(first));
            assert_eq!(
                request,
                Request::new("/beers").with("page", 1).with("per_page", 80),
                "{first}"
            );
        }
    }

    #[test]
    fn a_page_of_79_rows_is_followed_by_another() {
        for count in [79, 80] {
            let step = Beers::step(state(r#"{"next_page": 2}"#), response(&rows(count))).unwrap();
            assert!(step.has_more, "{count}");
            assert_eq!(
                serde_json::to_string(&step.state).unwrap(),
                r#"{"next_page":3,"ratelimit":{"remaining":3595,"limit":3600}}"#
            );
        }
    }

    #[test]
    fn a_shorter_page_is_the_last_and_the_next_sync_begins_anew() {
        for count in [0, 5, 78] {
            let step = Beers::step(state(r#"{"next_page": 5}"#), response(&rows(count))).unwrap();
            assert!(!step.has_more, "{count}");
            assert_eq!(
                serde_json::to_string(&step.state).unwrap(),
                r#"{"next_page":null,"ratelimit":{"remaining":3595,"limit":3600}}"#
            );
        }
    }

    #[test]
    fn rows_are_passed_on_as_the_api_wrote_them() {
        let step = Beers::step(State::default(), response(&rows(2))).unwrap();
        assert_eq!(step.rows, r#"[{"id": 1.50}, {"id": 1.50}]"#);
    }

    #[test]
    fn a_state_of_another_make_is_refused() {
        for text in [
            r#"{"next_page": 0}"#,
            r#"{"next_page": -1}"#,
            r#"{"next_page": "2"}"#,
            r#"{"offset": 50}"#,
        ] {
            assert!(serde_json::from_str::<State>(text).is_err(), "{text}");
        }
    }
}
