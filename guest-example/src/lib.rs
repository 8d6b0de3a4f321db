//! A Weld connector for the beer API of Weld's guide, with one table for each way in which APIs page.
//!
//! Start reading at `beers.rs`; the other tables differ only in how they page. A table's module has its columns, and
//! a function that makes a page: it turns the state into a request, and the answer into rows and the next state.
//! `api.rs` has the parts that all of them share.

mod api;
mod beers;
mod breweries;
mod customers;
mod orders;
mod reviews;

use weld_connector::{Connector, Error, Host, Page, PageRequest, Schema};

struct Beers;

impl Connector for Beers {
    fn schema(_: &Host) -> Result<Schema, Error> {
        Ok(Schema::from([
            beers::table(),
            breweries::table(),
            reviews::table(),
            orders::table(),
            customers::table(),
        ]))
    }

    fn fetch_page(host: &Host, request: &PageRequest) -> Result<Page, Error> {
        match request.table() {
            "beers" => beers::page(host, request),
            "breweries" => breweries::page(host, request),
            "reviews" => reviews::page(host, request),
            "orders" => orders::page(host, request),
            "customers" => customers::page(host, request),
            _ => Err(Error::UnknownTable),
        }
    }
}

weld_connector::export!(Beers);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::{URL, host, rows};
    use weld_connector::testing::{FakeHost, Reply};

    #[test]
    fn every_table_has_a_key_among_its_fields() {
        let schema = FakeHost::new().schema::<Beers>().unwrap();
        assert_eq!(schema.tables().len(), 5);
        for table in schema.tables() {
            assert!(!table.primary_key().is_empty(), "{}", table.name());
            for column in table.primary_key() {
                let mut names = table.columns().iter().map(|field| field.name());
                assert!(
                    names.any(|name| name == column),
                    "{}.{column}",
                    table.name()
                );
            }
        }
    }

    #[test]
    fn every_table_of_the_schema_can_be_fetched() {
        for table in FakeHost::new().schema::<Beers>().unwrap().tables() {
            // A state of another connector is refused before anything is requested from the API, but only by a table
            // that exists.
            for state in ["{", r#"{"made_by": "another"}"#] {
                let host = host();
                let answer = host.page::<Beers>(table.name(), state);
                assert!(
                    matches!(answer, Err(Error::InvalidState(_))),
                    "{}",
                    table.name()
                );
                assert!(host.requests().is_empty());
            }
        }
    }

    #[test]
    fn other_tables_are_unknown() {
        let answer = host().page::<Beers>("wines", "{}");
        assert_eq!(answer, Err(Error::UnknownTable));
    }

    #[test]
    fn tables_end_their_syncs() {
        for table in ["beers", "breweries", "customers", "orders"] {
            let url = format!("{URL}/{table}");
            let host = host().route("GET", &url, Reply::new(200).text(rows(5)));
            let pages = host.sync::<Beers>(table, "{}").unwrap();
            assert_eq!(pages.len(), 1, "{table}");
            assert_eq!(pages[0].rows_json(), rows(5), "{table}");
        }
    }
}
