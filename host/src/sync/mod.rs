//! Weld's side of the protocol: a client that reads a schema, and a table page by page to its end.
//!
//! Here belongs what a caller of a connector does: requests, the state carried from page to page, pending answers
//! told from pages. How a server answers does not, and any server of the protocol will do.
//!
//! Uses `weld-protocol` alone.

mod client;
mod error;
mod table;

pub use client::{Client, PageReply};
pub use error::SyncError;
pub use table::{Progress, TableSync};
