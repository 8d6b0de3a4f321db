//! The traits of destinations.

use serde_json::value::RawValue;
use weld_protocol::Table;

use super::error::DestinationError;

/// A destination for rows. Its calls block: make them on a thread for blocking work, one at a time.
///
/// After an error, the destination is in the state of the last complete page and can still be used.
pub trait Destination: Send {
    /// Prepares a table of the schema. Returns the state of its last committed page as JSON text (an object or `null`);
    /// `None` before the first page.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if the table can't be created or its state can't be read.
    fn prepare(&mut self, table: &Table) -> Result<Option<String>, DestinationError>;

    /// Removes all rows and the state of a prepared table, atomically.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if the change can't be written.
    fn clear(&mut self, table: &str) -> Result<(), DestinationError>;

    /// Stores a page's rows and the state after them, both or neither. Returns the numbers of new rows and of
    /// replaced ones; `None` if the destination only appends.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if a row can't be stored, or the page can't be written.
    fn commit(
        &mut self,
        table: &str,
        rows: &[Box<RawValue>],
        state: &RawValue,
    ) -> Result<Option<Upserts>, DestinationError>;

    /// Whether it stores the states, so that the next sync can continue.
    fn keeps_states(&self) -> bool {
        true
    }

    /// The notes that were committed with a prepared table; `None` if there are none, or if the destination stores no
    /// notes.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if they can't be read.
    fn notes(&mut self, _table: &str) -> Result<Option<String>, DestinationError> {
        Ok(None)
    }

    /// Sets the notes on a prepared table, as JSON. The next commit stores them with its page; clearing the table
    /// removes them.
    fn set_notes(&mut self, _table: &str, _notes: String) {}

    /// Verifies that everything committed is still in the destination. Called at the end of a sync.
    ///
    /// # Errors
    ///
    /// [`DestinationError::Changed`] if it was deleted, moved, replaced or truncated.
    fn verify(&mut self) -> Result<(), DestinationError> {
        Ok(())
    }
}

/// How many rows of a page were new, and how many replaced values of a stored row with their key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upserts {
    /// The new rows.
    pub inserted: u64,
    /// The rows whose key was already stored, also by an earlier row of the page.
    pub updated: u64,
}

/// The states in a destination. Changing a state doesn't change the rows.
pub trait States {
    /// The tables that have a state, sorted by name, each with its state as JSON text.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if they can't be read.
    fn states(&mut self) -> Result<Vec<(String, String)>, DestinationError>;

    /// The names of all tables that a sync has prepared or that have a state, sorted.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if they can't be read.
    fn tables(&mut self) -> Result<Vec<String>, DestinationError>;

    /// Sets the state from which the next sync of the table starts. The table need not exist.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if the state can't be written.
    fn set_state(&mut self, table: &str, state: &RawValue) -> Result<(), DestinationError>;

    /// Removes the table's state. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if the change can't be written.
    fn reset_state(&mut self, table: &str) -> Result<bool, DestinationError>;
}
