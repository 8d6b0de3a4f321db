//! The types of `source`, as read from a guest. The rest of the host uses those of `bindgen!`.

use wasmtime::component::{ComponentType, Lift};

use super::handed::HandedList;
use super::handed_text::HandedText;
use super::source;
use crate::scope::CpuClock;

/// `page`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct HandedPage {
    insert: HandedText,
    state: HandedText,
    #[component(name = "has-more")]
    has_more: bool,
    /// In milliseconds.
    wait: Option<u32>,
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

impl HandedPage {
    /// The page, with its texts decoded.
    ///
    /// # Errors
    ///
    /// One of them is not a valid text.
    pub(crate) async fn read(self, cpu: &CpuClock) -> wasmtime::Result<source::Page> {
        Ok(source::Page {
            insert: self.insert.into_string(cpu).await?,
            state: self.state.into_string(cpu).await?,
            has_more: self.has_more,
            wait: self.wait,
        })
    }
}

impl HandedList<HandedTable> {
    /// The tables, with their texts decoded.
    ///
    /// # Errors
    ///
    /// One of them is not a valid text.
    pub(crate) async fn read(self, cpu: &CpuClock) -> wasmtime::Result<Vec<source::Table>> {
        let mut tables = Vec::with_capacity(self.0.len());
        for table in self.0 {
            tables.push(table.read(cpu).await?);
        }
        Ok(tables)
    }
}

impl HandedTable {
    async fn read(self, cpu: &CpuClock) -> wasmtime::Result<source::Table> {
        let mut primary_key = Vec::with_capacity(self.primary_key.0.len());
        for column in self.primary_key.0 {
            primary_key.push(column.into_string(cpu).await?);
        }
        let mut fields = Vec::with_capacity(self.fields.0.len());
        for field in self.fields.0 {
            fields.push(field.read(cpu).await?);
        }
        Ok(source::Table {
            name: self.name.into_string(cpu).await?,
            primary_key,
            fields,
        })
    }
}

impl HandedField {
    async fn read(self, cpu: &CpuClock) -> wasmtime::Result<source::Field> {
        Ok(source::Field {
            name: self.name.into_string(cpu).await?,
            type_: match self.field_type {
                HandedType::Named(name) => source::FieldType::Named(name.into_string(cpu).await?),
                HandedType::Described(json) => {
                    source::FieldType::Described(json.into_string(cpu).await?)
                }
            },
            default: match self.default {
                None => None,
                Some(json) => Some(json.into_string(cpu).await?),
            },
        })
    }
}

impl HandedError {
    /// The error, with the beginning of its text, at most `most_bytes` of it: no caller needs more.
    ///
    /// # Errors
    ///
    /// The beginning is not a valid text.
    pub(crate) async fn read(
        self,
        most_bytes: usize,
        cpu: &CpuClock,
    ) -> wasmtime::Result<source::Error> {
        Ok(match self {
            Self::UnknownTable => source::Error::UnknownTable,
            Self::Misconfigured(text) => {
                source::Error::Misconfigured(text.beginning(most_bytes, cpu).await?)
            }
            Self::InvalidState(text) => {
                source::Error::InvalidState(text.beginning(most_bytes, cpu).await?)
            }
            Self::Unauthorized(text) => {
                source::Error::Unauthorized(text.beginning(most_bytes, cpu).await?)
            }
            Self::RateLimited(wait) => source::Error::RateLimited(wait),
            Self::Upstream(text) => source::Error::Upstream(text.beginning(most_bytes, cpu).await?),
            Self::Other(text) => source::Error::Other(text.beginning(most_bytes, cpu).await?),
        })
    }
}
