//! The shared parts of the test guests: the contract's bindings, and short functions for common results.

#![allow(
    missing_docs,
    clippy::allow_attributes_without_reason,
    reason = "bindgen's output has no docs; the contract's own are in connector.wit"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "connector",
    pub_export_macro: true,
});

pub use exports::weld::connector::source::{Error, Field, FieldType, Guest, Page, Table};
pub use weld::connector::host;

/// Exports a connector from its `fetch_page` function and, if it has one, its `schema` function.
/// A connector without a `schema` function has one table, `rows`.
#[macro_export]
macro_rules! connector {
    ($fetch_page:path) => {
        $crate::connector!($crate::one_table, $fetch_page);
    };
    ($schema:path, $fetch_page:path) => {
        struct Connector;

        impl $crate::Guest for Connector {
            fn schema() -> Result<Vec<$crate::Table>, $crate::Error> {
                $schema()
            }

            fn fetch_page(table: String, state: String) -> Result<$crate::Page, $crate::Error> {
                $fetch_page(table, state)
            }
        }

        $crate::export!(Connector with_types_in $crate);

        fn main() {}
    };
}

/// The schema of a connector whose tables don't matter to the test: `rows`, with the key `id`.
pub fn one_table() -> Result<Vec<Table>, Error> {
    Ok(vec![table("rows", &["id"])])
}

/// A table without listed fields.
pub fn table(name: &str, primary_key: &[&str]) -> Table {
    Table {
        name: name.to_owned(),
        primary_key: primary_key.iter().map(|&key| key.to_owned()).collect(),
        fields: Vec::new(),
    }
}

/// A last page with these rows and this state, as JSON texts.
pub fn last_page(insert: impl Into<String>, state: impl Into<String>) -> Result<Page, Error> {
    Ok(Page {
        insert: insert.into(),
        state: state.into(),
        has_more: false,
        wait: None,
    })
}

/// A last page with one row and an empty state.
pub fn one_row(row: &serde_json::Value) -> Result<Page, Error> {
    last_page(format!("[{row}]"), "{}")
}

/// The number in a variable of the connector's configuration.
pub fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}
