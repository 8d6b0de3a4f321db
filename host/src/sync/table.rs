//! One table from a state to its end.

use serde_json::value::RawValue;
use weld_protocol::Pending;

use super::client::Client;
use super::error::SyncError;

/// A table being read.
#[derive(Debug)]
pub struct TableSync<'a> {
    client: &'a Client,
    table: &'a str,
    state: Box<RawValue>,
    done: bool,
}

/// What one request brought.
#[derive(Debug)]
pub enum Progress {
    /// A page with its rows, possibly none.
    Page {
        /// JSON objects.
        rows: Vec<Box<RawValue>>,
        /// The length of the answer.
        bytes: usize,
    },
    /// The page is not ready; the next request asks for it again.
    Pending(Pending),
    /// There are no more pages.
    Done,
}

impl<'a> TableSync<'a> {
    /// Begins at `state`: `null` for the first sync, the last one's state for an incremental one.
    #[must_use]
    pub fn new(client: &'a Client, table: &'a str, state: Box<RawValue>) -> Self {
        Self {
            client,
            table,
            state,
            done: false,
        }
    }

    /// The state to begin the next sync with, or this one again.
    #[must_use]
    pub fn state(&self) -> &RawValue {
        &self.state
    }

    /// Asks for the next page.
    ///
    /// # Errors
    ///
    /// [`SyncError`] of the request; asking again asks for the same page.
    pub async fn advance(&mut self) -> Result<Progress, SyncError> {
        if self.done {
            return Ok(Progress::Done);
        }
        let reply = self.client.page(self.table, &self.state).await?;
        self.state = reply.page.state;
        if let Some(pending) = reply.pending {
            return Ok(Progress::Pending(pending));
        }
        self.done = !reply.page.has_more;
        Ok(Progress::Page {
            rows: reply.page.insert,
            bytes: reply.bytes,
        })
    }
}
