//! Weld's side of the protocol: a client that reads a schema, and tables page by page into a destination.
//!
//! Here belongs what a caller of a connector does: requests and further tries, the state carried from page to page,
//! pending answers told from pages, rows and states put away together, and the checks that a caller can make of what
//! comes. How a server answers does not, and any server of the protocol will do.
//!
//! The flow: [`ConnectorClient`] sends one request, [`TableSync`] carries a table's state, and [`sync()`] reads tables to their
//! end with both. A thread for blocking work checks and commits a page while the next one is asked for.
//!
//! Uses `weld-protocol`, `config`, `encoding` and `report`.

mod body;
mod checks;
mod client;
mod connect;
mod destinations;
mod engine;
mod error;
mod event;
mod notes;
mod options;
mod refusal;
mod retry;
mod standstill;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod urls;
mod writer;

pub(crate) use checks::Checks;
pub use checks::{ValueKind, Warning, WarningKind};
pub use client::{ConnectorClient, PageReply};
pub use destinations::{
    Destination, DestinationError, FileChange, JsonLines, LeftLog, LockHolder, LostPages, Observer,
    RunningProgram, Sqlite, States, Stdout,
};
pub use engine::sync;
pub use error::SyncError;
pub use event::Event;
pub use notes::ConnectorVariables;
pub use options::{ClientOptions, SyncOptions};
pub use summary::{SlowPage, Summary, TableSummary};
pub use table::{PageWaitError, Progress, TableSync};
