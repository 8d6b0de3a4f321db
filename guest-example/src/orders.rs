//! Pages by time of change, incremental across syncs: the first sync fetches every order, the later ones those that
//! have changed since.
//!
//! The API sorts by `updated_at`, then by `id`. Within a sync a page goes on after the last row's time *and* id, as
//! many orders may share one time. So that none is lost between two syncs, the next one looks back a little, and
//! never begins later than this one did: an order may become visible after others with later times, also while a
//! long sync is under way. A few rows come twice; Weld keeps one of each, by the primary key.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::api::{Request, Response};
use crate::exports::weld::connector::source::{Error, Table};
use crate::paging::{Paged, Step};
use crate::schema::{field, nullable, table};
use crate::time::Time;

const LIMIT: usize = 50;
/// By how much an order may become visible later than its own time, the difference of the clocks included.
const OVERLAP: Duration = Duration::from_secs(60);

pub struct Orders;

#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// Within a sync, the time of the last order fetched; between two, the time from which changes may be missing.
    updated_since: Option<Time>,
    /// Within a sync, the last order fetched; none when a sync begins.
    after_id: Option<u64>,
    /// When the sync under way began.
    began: Option<Time>,
}

/// What paging needs of an order.
#[derive(Deserialize)]
struct Order {
    id: u64,
    updated_at: Time,
}

impl Paged for Orders {
    type State = State;

    fn request(state: &State) -> Request {
        let request = Request::new("/orders").with("limit", LIMIT);
        match (state.updated_since, state.after_id) {
            (None, _) => request,
            (Some(time), None) => request.with("updated_since", time.before(OVERLAP)),
            (Some(time), Some(id)) => request.with("updated_since", time).with("after_id", id),
        }
    }

    fn step(state: State, response: Response) -> Result<Step<State>, Error> {
        let orders: Vec<Order> = response.read()?;
        let has_more = orders.len() >= LIMIT;
        let began = state.began.unwrap_or(response.asked_at);
        let next = match orders.last() {
            Some(last) if has_more => State {
                updated_since: Some(last.updated_at),
                after_id: Some(last.id),
                began: Some(began),
            },
            last => State {
                updated_since: last
                    .map(|order| order.updated_at)
                    .or(state.updated_since)
                    .map(|time| time.min(began)),
                ..State::default()
            },
        };
        Ok(Step {
            rows: response.body,
            state: next,
            has_more,
        })
    }
}

pub fn schema() -> Table {
    table(
        "orders",
        "id",
        vec![
            field("id", "int"),
            field("customer_id", "int"),
            field("status", "string"),
            field("currency", "string"),
            field("total", "double"),
            field("items", "array"),
            field("ship_to", "object"),
            nullable("note", "string"),
            field("revision", "int"),
            field("created_at", "datetime"),
            field("updated_at", "datetime"),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::{ASKED_AT, response};

    const FIRST: &str = "2024-01-01T00:00:00Z";
    const SECOND: &str = "2024-01-01T00:10:00Z";

    fn state(updated_since: &str, after_id: Option<u64>) -> State {
        let began = after_id.map(|_| time(ASKED_AT));
        State {
            updated_since: Some(time(updated_since)),
            after_id,
            began,
        }
    }

    fn time(text: &str) -> Time {
        text.to_string().try_into().unwrap()
    }

    fn page(orders: &[(u64, &str)]) -> Response {
        let rows: Vec<_> = orders
            .iter()
            .map(|(id, updated_at)| format!(r#"{{"id": {id}, "updated_at": "{updated_at}"}}"#))
            .collect();
        response(&format!("[{}]", rows.join(",")))
    }

    #[test]
    fn the_first_sync_asks_for_every_order() {
        let request = Orders::request(&State::default());
        assert_eq!(request, Request::new("/orders").with("limit", 50));
    }

    #[test]
    fn a_page_goes_on_among_the_orders_of_one_time() {
        let orders: Vec<_> = (1..=50).map(|id| (id, FIRST)).collect();
        let step = Orders::step(State::default(), page(&orders)).unwrap();
        assert!(step.has_more);
        let expected = Request::new("/orders")
            .with("limit", 50)
            .with("updated_since", FIRST)
            .with("after_id", 50);
        assert_eq!(Orders::request(&step.state), expected);
    }

    #[test]
    fn the_next_sync_asks_from_a_minute_before_the_newest_order() {
        let step =
            Orders::step(state(FIRST, Some(50)), page(&[(51, FIRST), (52, SECOND)])).unwrap();
        assert!(!step.has_more);
        assert_eq!(step.state, state(SECOND, None));
        let expected = Request::new("/orders")
            .with("limit", 50)
            .with("updated_since", "2024-01-01T00:09:00Z");
        assert_eq!(Orders::request(&step.state), expected);
    }

    #[test]
    fn the_next_sync_begins_no_later_than_this_one_did() {
        let since = Some(time(FIRST));
        let waited_an_hour = State {
            updated_since: since,
            after_id: Some(50),
            began: since,
        };
        let step = Orders::step(waited_an_hour, page(&[(51, SECOND)])).unwrap();
        assert_eq!(step.state, state(FIRST, None));

        let short = Orders::step(State::default(), page(&[(52, "2024-06-01T00:00:01Z")])).unwrap();
        assert_eq!(short.state, state(ASKED_AT, None));
    }

    #[test]
    fn syncs_without_changes_keep_their_place() {
        for after_id in [None, Some(50)] {
            let step = Orders::step(state(SECOND, after_id), page(&[])).unwrap();
            assert!(!step.has_more);
            assert_eq!(step.state, state(SECOND, None), "{after_id:?}");
        }
    }

    #[test]
    fn a_state_of_another_make_is_refused() {
        for text in [
            r#"{"updated_since": "yesterday"}"#,
            r#"{"after_id": "50"}"#,
            r#"{"next_page": 2}"#,
        ] {
            assert!(serde_json::from_str::<State>(text).is_err(), "{text}");
        }
    }
}
