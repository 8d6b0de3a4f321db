//! A Weld connector for the beer API of Weld's guide, with one table for each way in which APIs page.
//!
//! Read on in `beers.rs`; the other tables differ from it only in how they page. A table's module turns a state into
//! a request and a response into rows and the next state. `paging.rs` does the rest, the same for all of them.

mod api;
mod beers;
mod breweries;
mod customers;
mod failure;
mod orders;
mod paging;
mod reviews;
mod schema;
mod settings;
mod time;

use exports::weld::connector::source::{Error, Guest, Page, Table};
use paging::fetch_page;

wit_bindgen::generate!({ path: "wit", world: "connector", additional_derives: [PartialEq] });

struct Connector;

impl Guest for Connector {
    fn schema() -> Result<Vec<Table>, Error> {
        Ok(vec![
            beers::schema(),
            breweries::schema(),
            reviews::schema(),
            orders::schema(),
            customers::schema(),
        ])
    }

    fn fetch_page(table: String, state: String) -> Result<Page, Error> {
        match table.as_str() {
            "beers" => fetch_page::<beers::Beers>(&state),
            "breweries" => fetch_page::<breweries::Breweries>(&state),
            "reviews" => fetch_page::<reviews::Reviews>(&state),
            "orders" => fetch_page::<orders::Orders>(&state),
            "customers" => fetch_page::<customers::Customers>(&state),
            _ => Err(Error::UnknownTable),
        }
    }
}

// Native builds, as for the tests, have no host to export to.
#[cfg(target_family = "wasm")]
export!(Connector);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_key_among_its_fields() {
        for table in Connector::schema().unwrap() {
            assert!(!table.primary_key.is_empty(), "{}", table.name);
            for column in &table.primary_key {
                assert!(
                    table.fields.iter().any(|field| field.name == *column),
                    "{}.{column}",
                    table.name
                );
            }
        }
    }

    #[test]
    fn every_table_of_the_schema_can_be_fetched() {
        for table in Connector::schema().unwrap() {
            // Not JSON: refused before anything is asked of the API, but only by a table that exists.
            let answer = Connector::fetch_page(table.name.clone(), "{".into());
            assert!(
                matches!(answer, Err(Error::InvalidState(_))),
                "{}",
                table.name
            );
        }
    }

    #[test]
    fn other_tables_are_unknown() {
        let answer = Connector::fetch_page("wines".into(), "{}".into());
        assert_eq!(answer, Err(Error::UnknownTable));
    }
}
