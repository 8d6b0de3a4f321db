//! Pages by time of change, then by id, incremental across syncs: a later sync fetches what has changed since.

use crate::api::Api;
use serde::Deserialize;
use std::time::Duration;
use weld_connector::{Error, Host, Page, PageRequest, Table, Time, fields, paging::Changes};

const LIMIT: usize = 50;
/// How much later than its own time an order may become visible, including the difference of the clocks.
const OVERLAP: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Order {
    id: u64,
    updated_at: Time,
}

pub fn page(host: &Host, request: &PageRequest) -> Result<Page, Error> {
    let at: Changes<u64> = request.state()?;
    let api = Api::new(host)?;
    let ask = api.get("/orders").query("limit", LIMIT);
    let ask = ask.query_opt("updated_since", at.since(OVERLAP));
    let answer = ask.query_opt("after_id", at.after()).send()?.ok()?;
    let rows = answer.rows()?;
    let last = rows
        .last()?
        .map(|order: Order| (order.updated_at, order.id));
    let next = at.next(last, rows.len() >= LIMIT, answer.asked_at());
    api.page(&answer, rows, &next)
}

pub fn table() -> Table {
    Table::new("orders").key("id").fields(fields! {
        id: int, customer_id: int, status: string, currency: string, total: double, items: array,
        ship_to: object, note: nullable string, revision: int, created_at: datetime,
        updated_at: datetime,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::{host, reply};

    const FIRST: &str = "2024-01-01T00:00:00Z";
    const SECOND: &str = "2024-01-01T00:10:00Z";

    fn rows(orders: impl IntoIterator<Item = (u64, &'static str)>) -> String {
        let row = |(id, time)| format!(r#"{{"id": {id}, "updated_at": "{time}"}}"#);
        let rows: Vec<_> = orders.into_iter().map(row).collect();
        format!("[{}]", rows.join(","))
    }

    /// Syncs one page for each of `replies`, and returns what each request contained: the time, and the id to
    /// continue after.
    fn asked(replies: &[String]) -> Vec<(Option<String>, Option<String>)> {
        let mut state = "{}".to_string();
        let mut host = host();
        for rows in replies {
            host = host.reply(reply(rows));
            let request = PageRequest::new("orders", state);
            state = page(&host, &request).unwrap().state_json().into();
        }
        let requests = host.requests();
        let both = requests
            .iter()
            .map(|one| (one.query("updated_since"), one.query("after_id")));
        both.collect()
    }

    #[test]
    fn a_page_continues_among_orders_of_one_time_and_the_next_sync_a_minute_before_the_newest() {
        let asked = asked(&[
            rows((1..=50).map(|id| (id, FIRST))),
            rows([(51, FIRST), (52, SECOND)]),
            rows([]),
            rows([]),
        ]);
        let a_minute_before = || (Some("2024-01-01T00:09:00Z".into()), None);
        assert_eq!(
            asked,
            [
                (None, None),
                (Some(FIRST.into()), Some("50".into())),
                a_minute_before(),
                a_minute_before(),
            ]
        );
    }

    #[test]
    fn the_next_sync_begins_no_later_than_this_one_did() {
        let asked = asked(&[rows([(52, "2024-06-01T00:00:01Z")]), rows([])]);
        assert_eq!(asked[1].0.as_deref(), Some("2024-05-31T23:59:00Z"));
    }
}
