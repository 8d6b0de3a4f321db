//! What a sync tells while it runs.

use std::time::Duration;

use jiff::Timestamp;
use weld_protocol::Pending;

use super::checks::Warning;
use super::summary::TableSummary;

/// A step of a sync. Names come from the server: who shows them escapes them.
#[derive(Debug, Clone)]
pub enum Event {
    /// The tables that will be read, in this order.
    Tables(Vec<String>),
    /// A table begins.
    TableBegan {
        /// Its name.
        table: String,
        /// Whether it goes on from a state, of a run that was stopped or of one that came to the end.
        resumed: bool,
    },
    /// A page was put away together with its state.
    Page {
        /// The table.
        table: String,
        /// Counted from 1 in this run.
        number: u64,
        /// How many rows it has.
        rows: usize,
        /// The length of the answer, decompressed.
        bytes: usize,
        /// From the first request for it to its arrival, waits included.
        took: Duration,
    },
    /// The page is not ready; it is asked for again at once.
    Waiting {
        /// The table.
        table: String,
        /// When the page may begin, where the host says so.
        until: Option<Timestamp>,
        /// Whether its time has not come or it is in the making.
        reason: Pending,
        /// What it waits for, in the host's words, such as `pause until 2030-01-02T03:04:05Z`.
        waits_for: Option<String>,
    },
    /// A request failed and is sent again.
    Retry {
        /// The table; none for the schema.
        table: Option<String>,
        /// The try that comes next, from 2.
        next_try: usize,
        /// How long until then.
        wait: Duration,
        /// Why it failed, with all causes, on one line.
        cause: String,
    },
    /// Something is not as it should be.
    Warning(Warning),
    /// A table came to its end, or was stopped.
    TableDone(TableSummary),
}
