//! One table from a state to its end.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::value::RawValue;
use weld_protocol::Pending;

use super::client::ConnectorClient;
use super::error::SyncError;

/// Between two requests for a page that is pending, if the answer doesn't say. A host of ours holds such requests; one
/// that answers at once must not be asked thousands of times a second.
pub(super) const PENDING_INTERVAL: Duration = Duration::from_millis(100);

/// A table being read.
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

/// What one request brought.
#[derive(Debug)]
pub enum Progress {
    /// A page with its rows, possibly none.
    Page {
        /// JSON objects.
        rows: Vec<Box<RawValue>>,
        /// The length of the answer, decompressed.
        bytes: usize,
    },
    /// The page is not ready; the next request asks for it again.
    Pending(Pending),
    /// There are no more pages.
    Done,
}

/// Why there is no page within the time that a caller has for it.
#[derive(Debug, thiserror::Error)]
pub enum PageWaitError {
    /// A request failed.
    #[error(transparent)]
    Request(#[from] SyncError),
    /// The page was still pending.
    #[error("the page is not ready{}", reason(waits_for.as_deref()))]
    Pending {
        /// What the page waits for, if the host says so.
        waits_for: Option<String>,
    },
}

fn reason(waits_for: Option<&str>) -> String {
    waits_for.map_or_else(String::new, |cause| format!(", it waits: {cause}"))
}

impl<'a> TableSync<'a> {
    /// Begins at `state`: `null` or an empty object for the first sync, the last one's state for an incremental one.
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

    /// What the next request hands back. After a page it is also the state to begin the next sync with, or this one
    /// again; after a pending answer it stands for no rows and is better forgotten.
    #[must_use]
    pub fn state(&self) -> &RawValue {
        &self.state
    }

    /// Whether the last answer brought another state than was sent, the host's mark aside.
    #[must_use]
    pub fn moved(&self) -> bool {
        self.moved
    }

    /// When the next page may begin, where the host's mark in the state says so.
    #[must_use]
    pub fn waiting_until(&self) -> Option<Timestamp> {
        self.waiting
    }

    /// What the page waits for that the last answer stands for, and until when, in the host's words.
    #[must_use]
    pub fn waits_for(&self) -> Option<&str> {
        self.waits_for.as_deref()
    }

    /// How long the last answer asks to wait before the next request.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the last page has come.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Asks for the next page. An error, or a dropped call, leaves all as it was: asking again asks for the same page.
    ///
    /// # Errors
    ///
    /// [`SyncError`] of the request.
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

    /// Asks for the next page until it is there: its rows; `None` if there are no more pages. A request that is under
    /// way when `patience` ends is still waited for.
    ///
    /// # Errors
    ///
    /// [`PageWaitError::Request`] for a failed request, and [`PageWaitError::Pending`] if the page is pending after
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
