//! Pages by key: the customers are sorted by `id`, and each page asks for those after the last one's.

use serde::{Deserialize, Serialize};

use crate::api::{Request, Response};
use crate::exports::weld::connector::source::{Error, Field, Table};
use crate::paging::{Paged, Step};
use crate::schema::{field, nullable, table};

const LIMIT: usize = 60;

pub struct Customers;

#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// The last customer fetched; none when a sync begins.
    after_id: Option<u64>,
}

/// What paging needs of a customer.
#[derive(Deserialize)]
struct Customer {
    id: u64,
}

impl Paged for Customers {
    type State = State;

    fn request(state: &State) -> Request {
        let request = Request::new("/customers").with("limit", LIMIT);
        match state.after_id {
            Some(id) => request.with("after_id", id),
            None => request,
        }
    }

    fn step(_: State, response: Response) -> Result<Step<State>, Error> {
        let customers: Vec<Customer> = response.read()?;
        let has_more = customers.len() >= LIMIT;
        let after_id = customers
            .last()
            .map(|customer| customer.id)
            .filter(|_| has_more);
        Ok(Step {
            rows: response.body,
            state: State { after_id },
            has_more,
        })
    }
}

pub fn schema() -> Table {
    table(
        "customers",
        "id",
        vec![
            field("id", "int"),
            field("name", "string"),
            field("email", "string"),
            nullable("phone", "string"),
            field("address", "object"),
            field("favourite_styles", "array"),
            field("loyalty_points", "int"),
            // The API leaves it out where it was never asked for.
            Field {
                default: Some("false".into()),
                ..field("newsletter", "boolean")
            },
            field("about", "string"),
            field("created_at", "datetime"),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::response;

    fn page(ids: std::ops::Range<u64>) -> Response {
        let rows: Vec<_> = ids.map(|id| format!(r#"{{"id": {id}}}"#)).collect();
        response(&format!("[{}]", rows.join(",")))
    }

    #[test]
    fn a_sync_begins_before_every_customer() {
        let request = Customers::request(&State::default());
        assert_eq!(request, Request::new("/customers").with("limit", 60));
    }

    #[test]
    fn a_full_page_is_followed_from_its_last_customer() {
        let step = Customers::step(State::default(), page(100..160)).unwrap();
        assert!(step.has_more);
        let request = Customers::request(&step.state);
        assert_eq!(
            request,
            Request::new("/customers")
                .with("limit", 60)
                .with("after_id", 159)
        );
    }

    #[test]
    fn a_page_that_is_not_full_is_the_last() {
        for count in [0, 1, 59] {
            let step = Customers::step(State { after_id: Some(7) }, page(8..8 + count)).unwrap();
            assert!(!step.has_more, "{count}");
            assert_eq!(step.state, State::default());
        }
    }
}
