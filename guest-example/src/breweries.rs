//! Pages by offset: `offset=0`, `offset=50`, … until a page is not full.

use crate::api::Api;
use weld_connector::{Error, Host, Page, PageRequest, Table, fields, paging::Offset};

const LIMIT: usize = 50;

pub fn page(host: &Host, request: &PageRequest) -> Result<Page, Error> {
    let at: Offset = request.state()?;
    let api = Api::new(host)?;
    let ask = api.get("/breweries").query("offset", at.offset());
    let answer = ask.query("limit", LIMIT).send()?.ok()?;
    let rows = answer.rows()?;
    let next = at.next(rows.len(), rows.len() >= LIMIT);
    api.page(&answer, rows, &next)
}

pub fn table() -> Table {
    Table::new("breweries").key("id").fields(fields! {
        id: int, name: string, kind: string, street: string, city: string, country: string,
        website: nullable string, founded: int, location: object, styles: array,
        open_to_visitors: boolean, about: string,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::{host, reply, rows};

    fn offset(state: &str) -> Option<String> {
        let host = host().reply(reply(rows(0)));
        page(&host, &PageRequest::new("breweries", state)).unwrap();
        assert_eq!(host.requests()[0].query("limit").as_deref(), Some("50"));
        host.requests()[0].query("offset")
    }

    #[test]
    fn a_full_page_moves_the_offset_by_its_rows() {
        assert_eq!(offset("{}").as_deref(), Some("0"));
        for (count, more, next) in [(50, true, "150"), (49, false, "0"), (0, false, "0")] {
            let request = PageRequest::new("breweries", r#"{"offset": 100}"#);
            let page = page(&host().reply(reply(rows(count))), &request).unwrap();
            assert_eq!(page.has_more(), more, "{count}");
            assert_eq!(offset(page.state_json()).as_deref(), Some(next), "{count}");
        }
    }
}
