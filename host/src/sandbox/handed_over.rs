//! What a guest hands over at the end of a call, and what it costs to hold.

use std::mem::take;
use std::time::Duration;

use super::error::CallError;
use crate::account::{Charge, give_back};
use crate::bindings::source;
use crate::config::Limits;

/// How often a state is held besides while a page is made of it: in its canonical spelling, and in the answer.
const STATE_COPIES: u64 = 2;

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
    /// A page that is paid for as it came.
    ///
    /// # Errors
    ///
    /// [`CallError`]: it is larger than it may be, or there is no memory for what is made of it.
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
        page.charge.grow(copies).map_err(CallError::no_memory)?;
        Ok(page)
    }

    /// Its rows, its state, and the charge. Who takes them gives them back himself.
    pub(crate) fn into_parts(mut self) -> (String, String, Charge) {
        let charge = self.charge.split(u64::MAX);
        (take(&mut self.insert), take(&mut self.state), charge)
    }

    /// How long its texts are together, in bytes.
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
    /// A schema that is paid for as it came.
    ///
    /// # Errors
    ///
    /// [`CallError`]: it is larger than it may be.
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

    /// How long its texts are together, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        text_bytes(&self.tables)
    }
}

/// How long a schema's texts are together, in bytes.
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
