//! What every destination can do.

use serde_json::value::RawValue;
use weld_protocol::Table;

use super::error::DestinationError;

/// Where rows go. Blocking: call it on a thread for blocking work, one call at a time.
///
/// After an error the destination is in the state of the last whole page, and may be used on.
pub trait Destination: Send {
    /// Prepares a table of the schema, and gives the state of its last committed page: a JSON object or `null` as
    /// text; `None` before the first page.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if the table can't be made or its state can't be read.
    fn prepare(&mut self, table: &Table) -> Result<Option<String>, DestinationError>;

    /// Removes all rows and the state of a prepared table, in one step.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if that can't be written.
    fn clear(&mut self, table: &str) -> Result<(), DestinationError>;

    /// Takes a page's rows and the state that comes after them, both or neither.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] of a row that can't be kept, or if the page can't be written.
    fn commit(
        &mut self,
        table: &str,
        rows: &[Box<RawValue>],
        state: &RawValue,
    ) -> Result<(), DestinationError>;

    /// The notes that were committed with a prepared table; none where there are none, or none are kept.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if they can't be read.
    fn notes(&mut self, _table: &str) -> Result<Option<String>, DestinationError> {
        Ok(None)
    }

    /// Takes notes on a prepared table, as JSON, that the next commit keeps with its page. Clearing the table forgets
    /// them.
    fn set_notes(&mut self, _table: &str, _notes: String) {}

    /// Whether all that was committed still stands where the destination is: asked at the end of a sync.
    ///
    /// # Errors
    ///
    /// [`DestinationError::Changed`] if somebody deleted, moved, replaced or cut it.
    fn verify(&mut self) -> Result<(), DestinationError> {
        Ok(())
    }
}

/// The states beside the rows. A change of a state leaves the rows as they are.
pub trait States {
    /// Each table that has a state, by name, with the state's JSON text.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if they can't be read.
    fn states(&mut self) -> Result<Vec<(String, String)>, DestinationError>;

    /// Sets the state that the next sync of the table begins with. The table need not be known.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if it can't be written.
    fn set_state(&mut self, table: &str, state: &RawValue) -> Result<(), DestinationError>;

    /// Forgets the table's state; whether there was one.
    ///
    /// # Errors
    ///
    /// [`DestinationError`] if that can't be written.
    fn reset_state(&mut self, table: &str) -> Result<bool, DestinationError>;
}
