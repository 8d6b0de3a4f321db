//! Pages by cursor: each answer contains the cursor of the next page, or `null` on the last page.

use crate::api::Api;
use serde::Deserialize;
use weld_connector::{Error, Host, Page, PageRequest, Table, fields, paging::Cursor};

const LIMIT: usize = 80;

#[derive(Deserialize)]
struct Answer {
    next_cursor: Option<String>,
}

pub fn page(host: &Host, request: &PageRequest) -> Result<Page, Error> {
    let at: Cursor = request.state()?;
    let api = Api::new(host)?;
    let ask = api.get("/reviews").query("limit", LIMIT);
    let answer = ask.cursor("cursor", at.cursor()).send()?.ok()?;
    let next = Cursor::next(answer.json::<Answer>()?.next_cursor);
    api.page(&answer, answer.rows_in("reviews")?, &next)
}

pub fn table() -> Table {
    Table::new("reviews").key("id").fields(fields! {
        id: int, beer_id: int, customer_id: int, stars: int, title: string, text: nullable string,
        scores: object, tags: array, helpful_votes: int, written_at: datetime,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::{host, reply};
    use weld_connector::testing::Reply;

    fn request(state: &str) -> PageRequest {
        PageRequest::new("reviews", state)
    }

    #[test]
    fn the_cursor_is_returned_unchanged() {
        let host = host()
            .reply(reply(r#"{"reviews": [{"id": 1}], "next_cursor": "x+/="}"#))
            .reply(reply(r#"{"reviews": [], "next_cursor": null}"#));
        let first = page(&host, &request("{}")).unwrap();
        assert!(first.has_more());
        assert_eq!(first.rows_json(), r#"[{"id": 1}]"#);
        let last = page(&host, &request(first.state_json())).unwrap();
        assert!(!last.has_more());
        assert_eq!(last.state_json(), r#"{"cursor":null}"#);

        let asked: Vec<_> = host
            .requests()
            .iter()
            .map(|one| one.query("cursor"))
            .collect();
        assert_eq!(asked, [None, Some("x+/=".into())]);
    }

    #[test]
    fn a_refused_cursor_is_an_invalid_state() {
        let host = host().reply(Reply::new(400).text("cursor expired"));
        let answer = page(&host, &request(r#"{"cursor": "c2"}"#));
        assert!(matches!(answer, Err(Error::InvalidState(_))));
    }

    #[test]
    fn an_answer_without_reviews_is_the_api_s_fault() {
        let host = host().reply(reply(r#"{"next_cursor": null}"#));
        assert!(matches!(
            page(&host, &request("{}")),
            Err(Error::Upstream(_))
        ));
    }
}
