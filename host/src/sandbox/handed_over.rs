//! What a guest hands over at the end of a call, and what it costs to hold.

use std::time::Duration;

use crate::account::Charge;
use crate::bindings::source;

/// How often a state is held at once while a page is made of it: as it came, in its canonical spelling, and in the answer.
const STATE_COPIES: u64 = 3;

/// A page as the guest handed it over: sizes checked, JSON not.
#[derive(Debug)]
pub(crate) struct GuestPage {
    /// A JSON array of objects, if the guest keeps to the contract.
    pub(crate) insert: String,
    /// A JSON object or `null`, if the guest keeps to the contract.
    pub(crate) state: String,
    pub(crate) has_more: bool,
    /// How long the guest asks to wait before the next page.
    pub(crate) wait: Option<Duration>,
    /// For the texts, and the copies that are made of the state.
    pub(crate) charge: Charge,
}

/// A schema as the guest handed it over: its size checked, names and JSON not.
#[derive(Debug)]
pub(crate) struct GuestSchema {
    pub(crate) tables: Vec<source::Table>,
    /// For the tables.
    pub(crate) charge: Charge,
}

impl GuestPage {
    /// How long its texts are together, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.insert.len().saturating_add(self.state.len())
    }
}

impl GuestSchema {
    /// How long its texts are together, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        text_bytes(&self.tables)
    }
}

/// What a page costs.
pub(super) fn page_cost(page: &source::Page) -> u64 {
    let (insert, state) = (page.insert.capacity() as u64, page.state.capacity() as u64);
    insert.saturating_add(state.saturating_mul(STATE_COPIES))
}

/// How long a schema's texts are together, in bytes.
pub(super) fn text_bytes(tables: &[source::Table]) -> usize {
    let of_field = |field: &source::Field| {
        let kind = match &field.type_ {
            source::FieldType::Named(text) | source::FieldType::Described(text) => text.len(),
        };
        field.name.len() + kind + field.default.as_ref().map_or(0, String::len)
    };
    let of_table = |table: &source::Table| {
        let keys = table.primary_key.iter().map(String::len);
        table.name.len() + keys.sum::<usize>() + table.fields.iter().map(of_field).sum::<usize>()
    };
    tables.iter().map(of_table).sum()
}

/// What a schema costs: its texts, and what holds them.
pub(super) fn schema_cost(tables: &[source::Table]) -> u64 {
    let of_table = |table: &source::Table| {
        size_of::<source::Table>()
            + table.primary_key.len() * size_of::<String>()
            + table.fields.len() * size_of::<source::Field>()
    };
    let holders = tables.iter().map(of_table).sum::<usize>();
    text_bytes(tables).saturating_add(holders) as u64
}
