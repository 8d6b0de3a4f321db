//! A Weld connector: one table, `items`, in pages by number.

use serde::Deserialize;
use weld_connector::paging::PageNumber;
use weld_connector::{Connector, Error, Host, Page, PageRequest, Schema, Table, fields};

struct Api;

impl Connector for Api {
    fn schema(_: &Host) -> Result<Schema, Error> {
        let items = Table::new("items")
            .key("id")
            .fields(fields! { id: int, name: string, updated_at: nullable datetime });
        Ok(Schema::new().table(items))
    }

    fn fetch_page(host: &Host, request: &PageRequest) -> Result<Page, Error> {
        match request.table() {
            "items" => items(host, request),
            _ => Err(Error::UnknownTable),
        }
    }
}

/// What the connector needs to know of an answer; the rows pass through as the API wrote them.
#[derive(Deserialize)]
struct Answer {
    has_more: bool,
}

/// One page: from the state to a request, from the answer `{"items": […], "has_more": …}` to rows and the next state.
fn items(host: &Host, request: &PageRequest) -> Result<Page, Error> {
    let page: PageNumber = request.state()?;
    let base = host.env().required("API_BASE_URL")?.to_owned();
    let answer = host
        .get(format!("{base}/items"))
        .query("page", page.number())
        .send()?
        .ok()?;
    let next = page.next(answer.json::<Answer>()?.has_more);
    Page::new(answer.rows_in("items")?)?.next(&next)
}

weld_connector::export!(Api);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use weld_connector::testing::{FakeHost, Reply};

    fn host() -> FakeHost {
        FakeHost::new().env("API_BASE_URL", "https://api.example.com")
    }

    #[test]
    fn every_page_is_fetched_once() {
        let host = host()
            .reply(Reply::json(
                &json!({"items": [{"id": 1}], "has_more": true}),
            ))
            .reply(Reply::json(
                &json!({"items": [{"id": 2}], "has_more": false}),
            ));
        let pages = host.sync::<Api>("items", "{}").unwrap();
        let rows: Vec<_> = pages.iter().map(Page::rows_json).collect();
        assert_eq!(rows, [r#"[{"id":1}]"#, r#"[{"id":2}]"#]);
        assert_eq!(
            host.requests()[1].url,
            "https://api.example.com/items?page=2"
        );
    }

    #[test]
    fn an_api_that_fails_is_named() {
        let host = host().reply(Reply::new(500).text("out of order"));
        let error = host.page::<Api>("items", "{}").unwrap_err();
        assert!(matches!(error, Error::Upstream(message) if message.contains("/items")));
    }

    #[test]
    fn other_tables_are_unknown() {
        assert_eq!(host().page::<Api>("others", "{}"), Err(Error::UnknownTable));
    }
}
