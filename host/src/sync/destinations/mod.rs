//! Where the rows of a sync go: a SQLite file, a folder of JSON Lines, or a stream.
//!
//! Here belongs what makes a page and its state one thing: both are kept or neither, whatever ends the process. What
//! is fetched, when, and what becomes of a failed page does not.
//!
//! Uses `weld-protocol` alone: its tables, and JSON texts as it passes them on.

mod error;
mod json_lines;
mod line;
mod sqlite;
mod stdout;

use serde_json::value::RawValue;
use weld_protocol::Table;

pub use error::DestinationError;
pub use json_lines::JsonLines;
pub use sqlite::Sqlite;
pub use stdout::Stdout;

/// Where rows go. Blocking: call it on a thread for blocking work, one call at a time.
///
/// After an error the destination is in the state of the last whole page, and may be used on.
pub trait Destination: Send {
    /// Prepares a table of the schema, and tells the state of its last committed page: a JSON object or `null` as
    /// text; none before the first page.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] where the table can't be made or its memory can't be read.
    fn prepare(&mut self, table: &Table) -> Result<Option<String>, DestinationError>;

    /// Removes all rows and the state of a prepared table, in one step.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] where that can't be written.
    fn clear(&mut self, table: &str) -> Result<(), DestinationError>;

    /// Takes a page's rows and the state that comes after them, both or neither.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] of a row that can't be kept, or where the page can't be written.
    fn commit(
        &mut self,
        table: &str,
        rows: &[Box<RawValue>],
        state: &RawValue,
    ) -> Result<(), DestinationError>;
}

/// The states beside the rows. A change of a state leaves the rows as they are.
pub trait States {
    /// Each table that has a state, by name, with the state's JSON text.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] where they can't be read.
    fn states(&mut self) -> Result<Vec<(String, String)>, DestinationError>;

    /// Sets the state that the next sync of the table begins with. The table need not be known.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] where it can't be written.
    fn set_state(&mut self, table: &str, state: &RawValue) -> Result<(), DestinationError>;

    /// Forgets the table's state, and tells whether there was one.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] where that can't be written.
    fn reset_state(&mut self, table: &str) -> Result<bool, DestinationError>;
}

#[cfg(test)]
mod fixtures {
    use serde_json::value::RawValue;
    use weld_protocol::{Field, FieldType, Table};

    pub(super) fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    pub(super) fn rows(texts: &[&str]) -> Vec<Box<RawValue>> {
        texts.iter().map(|text| raw(text)).collect()
    }

    pub(super) fn table(name: &str, key: &[&str], fields: &[(&str, &str)]) -> Table {
        Table {
            name: name.to_owned(),
            primary_key: key.iter().map(|&name| name.to_owned()).collect(),
            fields: fields
                .iter()
                .map(|&(name, kind)| Field {
                    name: name.to_owned(),
                    field_type: FieldType::Named(kind.to_owned()),
                    default: None,
                })
                .collect(),
        }
    }
}
