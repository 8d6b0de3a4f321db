//! Values that a guest hands over at the end of a call, with the charges for them.

use std::mem::take;
use std::time::Duration;

use super::error::CallError;
use crate::account::{Charge, give_back};
use crate::bindings::source;
use crate::config::Limits;

/// How many additional copies of a state exist while a page is made: its canonical form, and the one in the answer.
const STATE_COPIES: u64 = 2;

/// A page as the guest handed it over: its sizes are checked, its JSON is not.
#[derive(Debug)]
pub(crate) struct GuestPage {
    /// A JSON array of objects, if the guest follows the contract.
    pub(crate) insert: String,
    /// A JSON object or `null`, if the guest follows the contract.
    pub(crate) state: String,
    pub(crate) has_more: bool,
    /// How long the guest asks to wait before the next page.
    pub(crate) wait: Option<Duration>,
    /// The charge for the texts, and for copies of the state.
    pub(crate) charge: Charge,
}

/// A schema as the guest handed it over: its size is checked, names and JSON are not.
#[derive(Debug)]
pub(crate) struct GuestSchema {
    pub(crate) tables: Vec<source::Table>,
    /// The charge for the tables.
    pub(crate) charge: Charge,
}

impl GuestPage {
    /// A page, with the charge for its texts.
    ///
    /// # Errors
    ///
    /// [`CallError`]: it exceeds a limit, or there is no memory for the copies.
    pub(super) fn new(
        page: source::Page,
        charge: Charge,
        limits: &Limits,
    ) -> Result<Self, CallError> {
        let mut page = Self {
            insert: page.insert,
            state: page.state,
            has_more: page.has_more,
            wait: page.wait.map(|wait| Duration::from_millis(wait.into())),
            charge,
        };
        if page.insert.len() as u64 > limits.max_page_bytes {
            return Err(CallError::PageTooLarge {
                bytes: page.insert.len(),
                limit_bytes: limits.max_page_bytes,
            });
        }
        if page.state.len() as u64 > limits.max_state_bytes {
            return Err(CallError::StateTooLarge {
                bytes: page.state.len(),
                limit_bytes: limits.max_state_bytes,
            });
        }
        let copies = (page.state.len() as u64).saturating_mul(STATE_COPIES);
        page.charge.grow(copies).map_err(CallError::out_of_memory)?;
        Ok(page)
    }

    /// Its rows, its state, and the charge, which the caller must then give back.
    pub(crate) fn into_parts(mut self) -> (String, String, Charge) {
        let charge = self.charge.split(u64::MAX);
        (take(&mut self.insert), take(&mut self.state), charge)
    }

    /// The length of its texts together, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.insert.len().saturating_add(self.state.len())
    }
}

impl Drop for GuestPage {
    fn drop(&mut self) {
        for text in [take(&mut self.insert), take(&mut self.state)] {
            let own = self.charge.split(text.capacity() as u64);
            give_back(text, own);
        }
    }
}

impl GuestSchema {
    /// A schema, with the charge for its tables.
    ///
    /// # Errors
    ///
    /// [`CallError`]: it exceeds its limit.
    pub(super) fn new(
        tables: Vec<source::Table>,
        charge: Charge,
        limit_bytes: u64,
    ) -> Result<Self, CallError> {
        let schema = Self { tables, charge };
        let bytes = schema.bytes();
        if bytes as u64 > limit_bytes {
            return Err(CallError::SchemaTooLarge { bytes, limit_bytes });
        }
        Ok(schema)
    }

    /// The length of its texts together, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        text_bytes(&self.tables)
    }
}

/// The length of a schema's texts together, in bytes.
fn text_bytes(tables: &[source::Table]) -> usize {
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
