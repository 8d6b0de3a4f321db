//! The events of a running sync.

use std::time::Duration;

use jiff::Timestamp;
use weld_protocol::Pending;

use super::checks::Warning;
use super::destinations::Upserts;
use super::limits::ReachedLimit;
use super::summary::TableSummary;

/// A step of a sync. Names come from the server, so they must be escaped when shown.
#[derive(Debug, Clone)]
pub enum Event {
    /// The tables that will be synced, in this order.
    Tables(Vec<String>),
    /// A table was started.
    TableBegan {
        /// The table.
        table: String,
        /// Whether it continues from the state of an earlier run, stopped or complete.
        resumed: bool,
    },
    /// A page was stored together with its state.
    Page {
        /// The table.
        table: String,
        /// The page's number in this run, from 1.
        number: u64,
        /// The number of rows.
        rows: usize,
        /// How many of them were new, and how many replaced stored ones; `None` if the destination only appends.
        upserts: Option<Upserts>,
        /// The size of the answer in bytes, decompressed.
        bytes: usize,
        /// The time from the first request for the page to its arrival, including waits.
        took: Duration,
    },
    /// The page is not ready, and is requested again at once.
    Waiting {
        /// The table.
        table: String,
        /// When the page may begin, if the host says so.
        until: Option<Timestamp>,
        /// Whether the page waits for its time or is in progress.
        reason: Pending,
        /// The host's description of what it waits for, such as `pause until 2030-01-02T03:04:05Z`.
        waits_for: Option<String>,
    },
    /// A request failed and is sent again.
    Retry {
        /// The table; `None` for the schema.
        table: Option<String>,
        /// The page's number in this run, from 1; `None` for the schema.
        page: Option<u64>,
        /// The number of the next try, from 2.
        next_try: usize,
        /// How long to wait until then.
        wait: Duration,
        /// Why it failed, with all causes, on one line.
        cause: String,
    },
    /// A check found a problem.
    Warning(Warning),
    /// A table stopped at a limit, before its end. `TableDone` follows.
    LimitReached {
        /// The table.
        table: String,
        /// The limit.
        limit: ReachedLimit,
    },
    /// A table is complete, or was stopped.
    TableDone(TableSummary),
}
