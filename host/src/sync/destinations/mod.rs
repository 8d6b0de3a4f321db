//! The destinations of a sync: a SQLite file, a folder of JSON Lines, or a stream.
//!
//! A destination stores a page and its state atomically, even if the process is killed. Fetching pages and handling
//! failed ones belongs to other modules.
//!
//! Uses only `weld-protocol`: its tables and its unparsed JSON texts.

mod destination;
mod error;
mod holder;
mod identity;
mod json_lines;
mod line;
mod lock;
mod observer;
mod sqlite;
mod stdout;

pub use destination::{Destination, States, Upserts};
pub use error::DestinationError;
pub use holder::{LockHolder, RunningProgram};
pub use identity::{FileChange, LostPages};
pub use json_lines::JsonLines;
pub use observer::Observer;
pub use sqlite::{LeftLog, Sqlite};
pub use stdout::Stdout;

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
