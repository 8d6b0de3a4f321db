//! Pages by number, as in Weld's guide: `page=1`, `page=2`, … until a page is not full.

use crate::api::Api;
use serde::{Deserialize, Serialize};
use weld_connector::{Error, Host, Page, PageRequest, Quota, Table, fields, paging::Next};

const PER_PAGE: usize = 80;
const FULL: usize = 79; // as the guide counts

/// Exactly the guide's state, so that a sync begun by the guide's function can continue here.
#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct State {
    next_page: Option<std::num::NonZeroU32>,
    ratelimit: Quota,
}

pub fn page(host: &Host, request: &PageRequest) -> Result<Page, Error> {
    let mut state: State = request.state()?;
    let page = state.next_page.unwrap_or(std::num::NonZeroU32::MIN);
    let api = Api::new(host)?;
    let ask = api.get("/beers").query("page", page);
    let answer = ask.query("per_page", PER_PAGE).send()?.ok()?;
    let rows = answer.rows()?;
    let more = rows.len() >= FULL;
    state.next_page = more.then(|| page.saturating_add(1));
    state.ratelimit = answer.quota();
    api.page(&answer, rows, &Next { state, more })
}

pub fn table() -> Table {
    Table::new("beers").key("id").fields(fields! {
        id: int, name: string, tagline: string, first_brewed: string, description: string,
        image_url: string, abv: double, ibu: nullable double, target_fg: double, target_og: double,
        ebc: double, srm: double, ph: double, attenuation_level: double, volume: object,
        boil_volume: object, method: object, ingredients: object, food_pairing: array,
        brewers_tips: string, contributed_by: string,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::{host, reply, rows};
    use weld_connector::testing::FakeHost;

    fn fetch(host: &FakeHost, state: &str) -> Page {
        page(host, &PageRequest::new("beers", state)).unwrap()
    }

    #[test]
    fn the_first_page_is_number_one() {
        for first in [
            "{}",
            r#"{"next_page": null, "ratelimit": {"remaining": 9, "limit": 60}}"#,
        ] {
            let host = host().reply(reply(rows(0)));
            fetch(&host, first);
            let asked = &host.requests()[0];
            assert_eq!(asked.query("page").as_deref(), Some("1"), "{first}");
            assert_eq!(asked.query("per_page").as_deref(), Some("80"), "{first}");
        }
    }

    #[test]
    fn a_page_of_79_rows_is_followed_by_another() {
        for count in [79, 80] {
            let page = fetch(&host().reply(reply(rows(count))), r#"{"next_page": 2}"#);
            assert!(page.has_more(), "{count}");
            assert_eq!(
                page.state_json(),
                r#"{"next_page":3,"ratelimit":{"remaining":3595,"limit":3600}}"#
            );
        }
    }

    #[test]
    fn a_shorter_page_is_the_last_and_the_next_sync_starts_again() {
        for count in [0, 5, 78] {
            let page = fetch(&host().reply(reply(rows(count))), r#"{"next_page": 5}"#);
            assert!(!page.has_more(), "{count}");
            assert_eq!(
                page.state_json(),
                r#"{"next_page":null,"ratelimit":{"remaining":3595,"limit":3600}}"#
            );
        }
    }

    #[test]
    fn rows_are_passed_on_as_the_api_wrote_them() {
        let page = fetch(&host().reply(reply(rows(2))), "{}");
        assert_eq!(page.rows_json(), rows(2));
    }

    #[test]
    fn a_state_of_another_connector_is_refused() {
        for text in [
            r#"{"next_page": 0}"#,
            r#"{"next_page": -1}"#,
            r#"{"next_page": "2"}"#,
            r#"{"offset": 50}"#,
        ] {
            let answer = page(&host(), &PageRequest::new("beers", text));
            assert!(matches!(answer, Err(Error::InvalidState(_))), "{text}");
        }
    }
}
