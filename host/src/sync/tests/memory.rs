//! A destination in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::value::RawValue;
use weld_protocol::Table;

use crate::sync::destinations::{Destination, DestinationError, Upserts};

/// Tables in memory, shared so that they outlive the sync that owns the destination.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<BTreeMap<String, Stored>>>);

/// A row whose page is refused.
pub(super) const REFUSED: &str = r#"{"id": "refused"}"#;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stored {
    pub(super) rows: Vec<String>,
    pub(super) state: Option<String>,
}

impl Memory {
    pub(super) fn destination(&self) -> Box<dyn Destination> {
        Box::new(self.clone())
    }

    pub(super) fn table(&self, name: &str) -> Stored {
        self.0
            .lock()
            .unwrap()
            .get(name)
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn set_state(&self, table: &str, state: &str) {
        let mut tables = self.0.lock().unwrap();
        tables.entry(table.to_owned()).or_default().state = Some(state.to_owned());
    }
}

impl Destination for Memory {
    fn prepare(&mut self, table: &Table) -> Result<Option<String>, DestinationError> {
        Ok(self.table(&table.name).state)
    }

    fn clear(&mut self, table: &str) -> Result<(), DestinationError> {
        self.0.lock().unwrap().remove(table);
        Ok(())
    }

    fn commit(
        &mut self,
        table: &str,
        rows: &[Box<RawValue>],
        state: &RawValue,
    ) -> Result<Option<Upserts>, DestinationError> {
        if rows.iter().any(|row| row.get() == REFUSED) {
            return Err(DestinationError::ClosedPipe);
        }
        let mut tables = self.0.lock().unwrap();
        let stored = tables.entry(table.to_owned()).or_default();
        stored
            .rows
            .extend(rows.iter().map(|row| row.get().to_owned()));
        stored.state = Some(state.get().to_owned());
        Ok(None)
    }
}
