//! Weld's side of the protocol: a client that reads a schema, and then tables page by page into a destination.
//!
//! This room does what a connector's caller does: sending and retrying requests, passing the state from page to page,
//! telling pending answers from pages, storing rows and states together, and checking the answers. It works with any
//! server of the protocol, and doesn't depend on how the server works.
//!
//! The flow: [`ConnectorClient`] sends a request, [`TableSync`] keeps a table's state, and [`sync()`] uses both to read
//! tables to their end. A thread for blocking work checks and commits a page while the next one is requested.
//!
//! Uses `weld-protocol`, `config`, `encoding` and `report`.

mod body;
mod checks;
mod client;
mod connect;
mod declared_type;
mod destinations;
mod engine;
mod error;
mod event;
mod failure;
mod limits;
mod names;
mod notes;
mod options;
mod refusal;
mod retry;
mod run;
mod standstill;
mod summary;
mod table;
mod temporary;
#[cfg(test)]
mod tests;
mod urls;
mod writer;

pub(crate) use checks::Checks;
pub use checks::{ValueKind, Warning, WarningKind};
pub use client::{ConnectorClient, PageReply};
pub(crate) use declared_type::{DeclaredType, UnknownType, meant_type};
pub use destinations::{
    Destination, DestinationError, FileChange, JsonLines, LeftLog, LockHolder, LostPages, Observer,
    RunningProgram, Sqlite, States, Stdout, Upserts,
};
pub use engine::sync;
pub use error::SyncError;
pub use event::Event;
pub use failure::{Continuation, SyncFailure};
pub use limits::{ReachedLimit, TableLimits};
pub use names::{KeySource, ServerName};
pub use notes::ConnectorVariables;
pub use options::{ClientOptions, SyncOptions};
pub use summary::{SlowPage, Summary, TableSummary};
pub use table::{PageWaitError, Progress, TableSync};
