//! The connector: two tables of the demo API. Replace them with your own.

use std::time::Duration;

use serde::Deserialize;
use weld_connector::paging::{Changes, PageNumber};
use weld_connector::{
    Connector, Error, Host, Page, PageRequest, Request, Schema, Table, Time, fields,
};

const BEERS_PER_PAGE: usize = 80;
const ORDERS_PER_PAGE: usize = 50;

/// The largest delay with which an order may become visible, including the difference of the clocks.
const OVERLAP: Duration = Duration::from_secs(60);

/// The connector.
pub struct Api;

impl Connector for Api {
    fn schema(_: &Host) -> Result<Schema, Error> {
        // Weld loads columns that are not declared as text.
        let beers = Table::new("beers").key("id").fields(fields! {
            id: int, name: string, tagline: string, first_brewed: string, description: string,
            image_url: string, abv: double, ibu: nullable double, target_fg: double,
            target_og: double, ebc: double, srm: double, ph: double, attenuation_level: double,
            volume: object, boil_volume: object, method: object, ingredients: object,
            food_pairing: array, brewers_tips: string, contributed_by: string,
        });
        let orders = Table::new("orders").key("id").fields(fields! {
            id: int, customer_id: int, status: string, currency: string, total: double,
            items: array, ship_to: object, note: nullable string, revision: int,
            created_at: datetime, updated_at: datetime,
        });
        Ok(Schema::new().table(beers).table(orders))
    }

    fn fetch_page(host: &Host, request: &PageRequest) -> Result<Page, Error> {
        match request.table() {
            "beers" => beers(host, request),
            "orders" => orders(host, request),
            _ => Err(Error::UnknownTable),
        }
    }
}

/// Fetches a page of beers, by page number. Each sync fetches everything.
fn beers(host: &Host, request: &PageRequest) -> Result<Page, Error> {
    let page: PageNumber = request.state()?;
    let answer = get(host, "/beers")?
        .query("page", page.number())
        .query("per_page", BEERS_PER_PAGE)
        .send()?
        .ok()?;
    let rows = answer.rows()?;
    let next = page.next(rows.len() >= BEERS_PER_PAGE);
    Page::new(rows)?.next(&next)
}

/// The fields of an order that the connector reads. The rows are passed on as the API wrote them.
#[derive(Deserialize)]
struct Order {
    id: u64,
    updated_at: Time,
}

/// Fetches a page of orders, by time of change, then id. Each sync fetches the orders changed since the previous one.
fn orders(host: &Host, request: &PageRequest) -> Result<Page, Error> {
    let at: Changes<u64> = request.state()?;
    let answer = get(host, "/orders")?
        .query("limit", ORDERS_PER_PAGE)
        .query_opt("updated_since", at.since(OVERLAP))
        .query_opt("after_id", at.after())
        .send()?
        .ok()?;
    let rows = answer.rows()?;
    let last = rows
        .last()?
        .map(|order: Order| (order.updated_at, order.id));
    let next = at.next(last, rows.len() >= ORDERS_PER_PAGE, answer.asked_at());
    Page::new(rows)?.next(&next)
}

/// Prepares a GET. The host adds the API's token, and waits for its quota.
fn get<'a>(host: &'a Host, path: &str) -> Result<Request<'a>, Error> {
    let env = host.env();
    let base = env.required("API_BASE_URL")?;
    Ok(host.get(format!("{base}{path}")))
}

weld_connector::export!(Api);

/// Each table has a module of tests: replace it together with the table.
#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use weld_connector::testing::{FakeHost, Reply};

    fn host() -> FakeHost {
        FakeHost::new().env("API_BASE_URL", "https://api.example.com")
    }

    fn rows(count: usize) -> Reply {
        let row = |id| json!({ "id": id, "updated_at": "2026-01-01T00:00:00Z" });
        Reply::json(&Value::from_iter((1..=count).map(row)))
    }

    /// What holds for any connector; these tests stay.
    mod every_table {
        use super::*;

        #[test]
        fn has_a_key() {
            for table in host().schema::<Api>().unwrap().tables() {
                assert!(!table.primary_key().is_empty(), "{}", table.name());
            }
        }

        #[test]
        fn names_the_request_that_failed() {
            for table in host().schema::<Api>().unwrap().tables() {
                let host = host().reply(Reply::new(500).text("out of order"));
                let error = host.page::<Api>(table.name(), "{}").unwrap_err();
                assert!(matches!(error, Error::Upstream(message) if message.contains("https://")));
            }
        }

        #[test]
        fn is_one_of_the_schema() {
            let page = host().page::<Api>("no such table", "{}");
            assert_eq!(page, Err(Error::UnknownTable));
        }
    }

    mod beers {
        use super::*;

        #[test]
        fn a_full_page_is_followed_by_another() {
            let host = host().reply(rows(BEERS_PER_PAGE)).reply(rows(2));
            let pages = host.sync::<Api>("beers", "{}").unwrap();
            assert_eq!(pages.len(), 2);
            assert_eq!(
                host.requests()[1].url,
                "https://api.example.com/beers?page=2&per_page=80"
            );
        }
    }

    mod orders {
        use super::*;

        #[test]
        fn the_next_sync_fetches_the_changed_ones() {
            let host = host().reply(rows(1)).reply(rows(0));
            let pages = host.sync::<Api>("orders", "{}").unwrap();
            let state = pages[0].state_json();
            host.sync::<Api>("orders", state).unwrap();
            assert_eq!(host.requests()[0].query("updated_since"), None);
            assert!(host.requests()[1].query("updated_since").is_some());
        }
    }
}
