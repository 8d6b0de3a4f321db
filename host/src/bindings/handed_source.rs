//! The types of `source` as they are read from a guest. For tables, those of `bindgen!` stand in the rest of the host.

use wasmtime::component::{ComponentType, Lift};

use super::handed::{HandedList, HandedText};
use super::source;

/// `page`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct HandedPage {
    pub(crate) insert: HandedText,
    pub(crate) state: HandedText,
    #[component(name = "has-more")]
    pub(crate) has_more: bool,
    /// In milliseconds.
    pub(crate) wait: Option<u32>,
}

/// `table`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct HandedTable {
    name: HandedText,
    #[component(name = "primary-key")]
    primary_key: HandedList<HandedText>,
    fields: HandedList<HandedField>,
}

/// `field`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct HandedField {
    name: HandedText,
    #[component(name = "type")]
    field_type: HandedType,
    default: Option<HandedText>,
}

/// `field-type`.
#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum HandedType {
    #[component(name = "named")]
    Named(HandedText),
    #[component(name = "described")]
    Described(HandedText),
}

/// `error`.
#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum HandedError {
    #[component(name = "unknown-table")]
    UnknownTable,
    #[component(name = "misconfigured")]
    Misconfigured(HandedText),
    #[component(name = "invalid-state")]
    InvalidState(HandedText),
    #[component(name = "unauthorized")]
    Unauthorized(HandedText),
    #[component(name = "rate-limited")]
    RateLimited(Option<u32>),
    #[component(name = "upstream")]
    Upstream(HandedText),
    #[component(name = "other")]
    Other(HandedText),
}

impl From<HandedTable> for source::Table {
    fn from(table: HandedTable) -> Self {
        let keys = table.primary_key.0.into_iter();
        Self {
            name: table.name.0,
            primary_key: keys.map(|key| key.0).collect(),
            fields: table.fields.0.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<HandedField> for source::Field {
    fn from(field: HandedField) -> Self {
        Self {
            name: field.name.0,
            type_: match field.field_type {
                HandedType::Named(name) => source::FieldType::Named(name.0),
                HandedType::Described(json) => source::FieldType::Described(json.0),
            },
            default: field.default.map(|json| json.0),
        }
    }
}
