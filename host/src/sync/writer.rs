//! Runs the destination on a thread for blocking work, one page at a time, while the next page is requested.

use std::time::Duration;

use serde_json::value::RawValue;
use tokio::task::JoinHandle;
use weld_protocol::Table;

use super::checks::{Checks, Warning};
use super::destinations::{Destination, DestinationError, Upserts};
use super::error::SyncError;
use super::notes::{ConnectorVariables, TableNotes};
use super::options::SyncOptions;

/// A page that has arrived but is not stored yet.
#[derive(Debug)]
pub(super) struct FetchedPage {
    /// The page's number, from 1.
    pub(super) number: u64,
    pub(super) rows: Vec<Box<RawValue>>,
    /// The state after this page.
    pub(super) state: Box<RawValue>,
    /// The size of the answer in bytes.
    pub(super) bytes: usize,
    pub(super) took: Duration,
    /// Whether this is the last page.
    pub(super) last: bool,
}

/// The result of checking and committing a page.
#[derive(Debug)]
pub(super) struct CommitOutcome {
    pub(super) number: u64,
    pub(super) rows: usize,
    pub(super) bytes: usize,
    pub(super) took: Duration,
    pub(super) warnings: Vec<Warning>,
    /// The numbers of new and replaced rows, if the destination tells them apart.
    pub(super) result: Result<Option<Upserts>, SyncError>,
}

/// The destination and the current table's checks. Both move to the thread with the page, and back with the outcome.
pub(super) struct Writer {
    strict: bool,
    variables: Option<ConnectorVariables>,
    /// `None` while the thread has it.
    destination: Option<CheckedDestination>,
    committing: Option<JoinHandle<(CheckedDestination, CommitOutcome)>>,
}

struct CheckedDestination {
    destination: Box<dyn Destination>,
    checks: Option<Checks>,
    notes: TableNotes,
}

impl Writer {
    /// A writer to `destination`. With `options.strict`, a page with a warning is not stored.
    pub(super) fn new(destination: Box<dyn Destination>, options: &SyncOptions) -> Self {
        Self {
            strict: options.strict,
            variables: options.variables.clone(),
            destination: Some(CheckedDestination {
                destination,
                checks: None,
                notes: TableNotes::default(),
            }),
            committing: None,
        }
    }

    /// Prepares the destination for a table and returns the state to start from. `None`, which also stands for a stored
    /// `null`, means the start of the table. With `clear`, rows and state are removed first.
    ///
    /// # Errors
    ///
    /// [`SyncError`]: `Destination`, `StoredState` or `Writer`.
    pub(super) async fn begin(
        &mut self,
        table: &Table,
        clear: bool,
    ) -> Result<Option<Box<RawValue>>, SyncError> {
        let mut destination = self.take_destination()?;
        let prepared = table.clone();
        let task = tokio::task::spawn_blocking(move || {
            let stored = destination.prepare(&prepared, clear);
            (destination, stored)
        });
        let (mut destination, stored) = task
            .await
            .map_err(|error| SyncError::Writer(error.into()))?;
        let stored = stored
            .map_err(|error| SyncError::Destination(Box::new(error)))
            .and_then(|stored| {
                stored
                    .filter(|stored| stored.trim() != "null")
                    .map(RawValue::from_string)
                    .transpose()
                    .map_err(SyncError::StoredState)
            });
        if let Ok(stored) = &stored {
            let mut checks = Checks::new(table, stored.is_none());
            checks.remember(&destination.notes.kinds);
            checks.types_declared(table);
            if let Some(variables) = &self.variables {
                let new = destination.notes.set_variables(variables);
                match &stored {
                    // A strict sync fails as long as there are rows from other variables, even if that was reported
                    // before.
                    Some(_) if self.strict => {
                        checks.variables_changed(destination.notes.changed_variables());
                    }
                    Some(_) => checks.variables_changed(new),
                    // The table is read from the start anyway.
                    None => destination.notes.forget_changes(),
                }
                destination.keep_notes(&table.name);
            }
            destination.checks = Some(checks);
        }
        self.destination = Some(destination);
        stored
    }

    /// Starts to check and commit a page. [`committed`](Self::committed) returns the outcome, and must have returned
    /// that of the page before.
    ///
    /// # Errors
    ///
    /// [`SyncError::Writer`].
    pub(super) fn commit(&mut self, table: &str, page: FetchedPage) -> Result<(), SyncError> {
        let mut destination = self.take_destination()?;
        let (table, strict) = (table.to_owned(), self.strict);
        self.committing = Some(tokio::task::spawn_blocking(move || {
            let committed = destination.commit(&table, &page, strict);
            (destination, committed)
        }));
        Ok(())
    }

    pub(super) fn is_committing(&self) -> bool {
        self.committing.is_some()
    }

    /// Waits for the commit in progress, or forever if there is none. The call may be dropped and repeated.
    ///
    /// # Errors
    ///
    /// [`SyncError::Writer`].
    pub(super) async fn committed(&mut self) -> Result<CommitOutcome, SyncError> {
        let Some(task) = &mut self.committing else {
            return std::future::pending().await;
        };
        let joined = task.await;
        self.committing = None;
        let (destination, committed) = joined.map_err(|error| SyncError::Writer(error.into()))?;
        self.destination = Some(destination);
        Ok(committed)
    }

    /// Verifies that everything that was committed is still in the destination.
    ///
    /// # Errors
    ///
    /// [`SyncError`]: `Destination` or `Writer`.
    pub(super) async fn verify(&mut self) -> Result<(), SyncError> {
        let mut destination = self.take_destination()?;
        let task = tokio::task::spawn_blocking(move || {
            let verified = destination.destination.verify();
            (destination, verified)
        });
        let (destination, verified) = task
            .await
            .map_err(|error| SyncError::Writer(error.into()))?;
        self.destination = Some(destination);
        verified.map_err(|error| SyncError::Destination(Box::new(error)))
    }

    fn take_destination(&mut self) -> Result<CheckedDestination, SyncError> {
        self.destination
            .take()
            .ok_or_else(|| SyncError::Writer("it still has the destination".into()))
    }
}

impl CheckedDestination {
    fn prepare(&mut self, table: &Table, clear: bool) -> Result<Option<String>, DestinationError> {
        let stored = self.destination.prepare(table)?;
        if clear {
            self.destination.clear(&table.name)?;
        }
        let notes = self.destination.notes(&table.name)?;
        self.notes = notes.map_or_else(TableNotes::default, |notes| TableNotes::from_json(&notes));
        Ok(stored.filter(|_| !clear))
    }

    /// Passes the notes on, to be committed with the next page.
    fn keep_notes(&mut self, table: &str) {
        self.destination.set_notes(table, self.notes.to_json());
    }

    fn commit(&mut self, table: &str, page: &FetchedPage, strict: bool) -> CommitOutcome {
        let warnings = self
            .checks
            .as_mut()
            .map(|checks| checks.page(page.number, &page.rows, &page.state, page.last))
            .unwrap_or_default();
        if let Some(kinds) = self.checks.as_mut().and_then(Checks::new_kinds) {
            self.notes.kinds = kinds;
            self.keep_notes(table);
        }
        let result = match warnings.first() {
            Some(first) if strict => Err(SyncError::Strict(Box::new(first.clone()))),
            _ => self
                .destination
                .commit(table, &page.rows, &page.state)
                .map_err(|error| SyncError::Destination(Box::new(error))),
        };
        CommitOutcome {
            number: page.number,
            rows: page.rows.len(),
            bytes: page.bytes,
            took: page.took,
            warnings,
            result,
        }
    }
}
