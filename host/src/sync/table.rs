//! Reads a table from a state to its end.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::value::RawValue;
use weld_protocol::Pending;

use super::client::ConnectorClient;
use super::error::SyncError;

/// The time between two requests for a pending page, unless the answer says. Our host holds such requests; a server
/// that answers at once must not get thousands of requests per second.
pub(super) const PENDING_INTERVAL: Duration = Duration::from_millis(100);

/// A table that is being read.
#[derive(Debug)]
pub struct TableSync<'a> {
    client: &'a ConnectorClient,
    table: &'a str,
    state: Box<RawValue>,
    moved: bool,
    waiting: Option<Timestamp>,
    waits_for: Option<String>,
    retry_after: Option<Duration>,
    done: bool,
}

/// The result of a request.
#[derive(Debug)]
pub enum Progress {
    /// A page. It may have no rows.
    Page {
        /// The rows as JSON objects.
        rows: Vec<Box<RawValue>>,
        /// The size of the answer in bytes, decompressed.
        bytes: usize,
    },
    /// The page is not ready; the next request is for the same page.
    Pending(Pending),
    /// There are no more pages.
    Done,
}

/// Why there is no page within the caller's time limit.
#[derive(Debug, thiserror::Error)]
pub enum PageWaitError {
    /// A request failed.
    #[error(transparent)]
    Request(#[from] SyncError),
    /// The page is still pending.
    #[error("the page is not ready{}", reason(waits_for.as_deref()))]
    Pending {
        /// What the page waits for, if the host says.
        waits_for: Option<String>,
    },
}

fn reason(waits_for: Option<&str>) -> String {
    waits_for.map_or_else(String::new, |cause| format!(" ({cause})"))
}

impl<'a> TableSync<'a> {
    /// Starts at `state`: `null` or an empty object for the first sync, or the state after the last sync.
    #[must_use]
    pub fn new(client: &'a ConnectorClient, table: &'a str, state: Box<RawValue>) -> Self {
        Self {
            client,
            table,
            state,
            moved: false,
            waiting: None,
            waits_for: None,
            retry_after: None,
            done: false,
        }
    }

    /// The state for the next request. After a page, it can also start the next sync or continue this one. After a
    /// pending answer it belongs to no rows, so it need not be stored.
    #[must_use]
    pub fn state(&self) -> &RawValue {
        &self.state
    }

    /// Whether the state in the last answer differs from the request's, apart from the host's mark.
    #[must_use]
    pub fn moved(&self) -> bool {
        self.moved
    }

    /// When the next page may begin, if the host's mark in the state says so.
    #[must_use]
    pub fn waiting_until(&self) -> Option<Timestamp> {
        self.waiting
    }

    /// The host's description of what the pending page waits for, and until when.
    #[must_use]
    pub fn waits_for(&self) -> Option<&str> {
        self.waits_for.as_deref()
    }

    /// How long to wait before the next request, if the last answer says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the last page has arrived.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Requests the next page. An error or a dropped call changes nothing: the next call requests the same page.
    ///
    /// # Errors
    ///
    /// [`SyncError`] if the request fails.
    pub async fn advance(&mut self) -> Result<Progress, SyncError> {
        if self.done {
            return Ok(Progress::Done);
        }
        let reply = self.client.page(self.table, &self.state).await?;
        self.moved = !reply.page.keeps(&self.state);
        self.waiting = reply.page.waiting().map(|waiting| waiting.not_before);
        self.waits_for = reply.waits_for;
        self.retry_after = reply.retry_after;
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

    /// Requests the next page until it is ready, and returns its rows; `None` if there are no more pages. A request
    /// that is running when `patience` ends is completed.
    ///
    /// # Errors
    ///
    /// [`PageWaitError::Request`] if a request fails, and [`PageWaitError::Pending`] if the page is still pending after
    /// `patience`.
    pub async fn page_within(
        &mut self,
        patience: Duration,
    ) -> Result<Option<Vec<Box<RawValue>>>, PageWaitError> {
        let began = Instant::now();
        loop {
            match self.advance().await? {
                Progress::Page { rows, .. } => return Ok(Some(rows)),
                Progress::Done => return Ok(None),
                Progress::Pending(_) if began.elapsed() >= patience => {
                    let not_before = self
                        .waiting_until()
                        .map(|until| format!("not before {until}"));
                    return Err(PageWaitError::Pending {
                        waits_for: self.waits_for.clone().or(not_before),
                    });
                }
                Progress::Pending(Pending::Waiting | Pending::Running) => {
                    tokio::time::sleep(PENDING_INTERVAL).await;
                }
            }
        }
    }
}
