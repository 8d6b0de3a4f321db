//! Pages by key: the customers are sorted by `id`, and each page requests those after the last one of the previous
//! page.

use crate::api::Api;
use serde::Deserialize;
use weld_connector::{Error, Host, Page, PageRequest, Table, fields, paging::After};

const LIMIT: usize = 60;

#[derive(Deserialize)]
struct Customer {
    id: u64,
}

pub fn page(host: &Host, request: &PageRequest) -> Result<Page, Error> {
    let at: After<u64> = request.state()?;
    let api = Api::new(host)?;
    let ask = api.get("/customers").query("limit", LIMIT);
    let answer = ask.query_opt("after_id", at.after()).send()?.ok()?;
    let rows = answer.rows()?;
    let last = rows.last()?.map(|customer: Customer| customer.id);
    let next = After::next(last, rows.len() >= LIMIT);
    api.page(&answer, rows, &next)
}

pub fn table() -> Table {
    Table::new("customers").key("id").fields(fields! {
        id: int, name: string, email: string, phone: nullable string, address: object,
        favourite_styles: array, loyalty_points: int,
        // The API omits it for customers who were never asked.
        newsletter: boolean = false,
        about: string, created_at: datetime,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::{host, reply};

    fn rows(ids: std::ops::Range<u64>) -> String {
        let rows: Vec<_> = ids.map(|id| format!(r#"{{"id": {id}}}"#)).collect();
        format!("[{}]", rows.join(","))
    }

    fn request(state: &str) -> PageRequest {
        PageRequest::new("customers", state)
    }

    #[test]
    fn a_full_page_is_followed_from_its_last_customer_and_a_shorter_one_is_the_last() {
        let host = host()
            .reply(reply(rows(100..160)))
            .reply(reply(rows(160..219)));
        let first = page(&host, &request("{}")).unwrap();
        assert!(first.has_more());
        let last = page(&host, &request(first.state_json())).unwrap();
        assert!(!last.has_more());
        assert_eq!(last.state_json(), r#"{"after":null}"#);

        let asked: Vec<_> = host
            .requests()
            .iter()
            .map(|one| one.query("after_id"))
            .collect();
        assert_eq!(asked, [None, Some("159".into())]);
        assert_eq!(host.requests()[0].query("limit").as_deref(), Some("60"));
    }

    #[test]
    fn customers_without_an_id_are_the_api_s_fault() {
        let host = host().reply(reply(r#"[{"name": "x"}]"#));
        assert!(matches!(
            page(&host, &request("{}")),
            Err(Error::Upstream(_))
        ));
    }
}
