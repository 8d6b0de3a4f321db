//! The requests and commits of a running sync.

use std::pin::{Pin, pin};
use std::time::Instant;

use weld_protocol::{Pending, Table};

use super::client::ConnectorClient;
use super::error::SyncError;
use super::event::Event;
use super::options::SyncOptions;
use super::retry;
use super::summary::{SlowPage, TableSummary};
use super::table::{PENDING_INTERVAL, Progress, TableSync};
use super::writer::{CommitOutcome, FetchedPage, Writer};
use crate::report;

/// A running sync.
pub(super) struct Run<'a, E, S> {
    pub(super) client: &'a ConnectorClient,
    pub(super) options: &'a SyncOptions,
    pub(super) events: E,
    pub(super) stop: Pin<&'a mut S>,
    /// Whether `stop` was ready; it must not be polled again then.
    pub(super) stopped: bool,
    pub(super) writer: Writer,
    /// The summary of the current table, if a table has begun.
    pub(super) current: TableSummary,
    pub(super) has_begun: bool,
    /// Whether the current table continues from a stored state.
    pub(super) resumed: bool,
    /// The page that is being requested, or whose commit failed.
    pub(super) page: Option<u64>,
    /// The tables after the current one.
    pub(super) next: Vec<String>,
}

impl<E: FnMut(Event) + Send, S: Future<Output = ()>> Run<'_, E, S> {
    /// `None` if the sync was stopped.
    pub(super) async fn schema(&mut self) -> Result<Option<Vec<Table>>, SyncError> {
        let client = self.client;
        let mut failed = 0_usize;
        loop {
            match self.unless_stopped(client.schema()).await? {
                None => return Ok(None),
                Some(Ok(tables)) => return Ok(Some(tables)),
                Some(Err(error)) => {
                    failed = failed.saturating_add(1);
                    self.pause(failed, error).await?;
                }
            }
        }
    }

    /// Requests a page until it is ready; `None` if the sync was stopped.
    pub(super) async fn fetch(
        &mut self,
        number: u64,
        reading: &mut TableSync<'_>,
    ) -> Result<Option<FetchedPage>, SyncError> {
        let began = Instant::now();
        self.page = Some(number);
        let mut failed = 0_usize;
        loop {
            let requested_at = Instant::now();
            let Some(answered) = self.unless_stopped(reading.advance()).await? else {
                return Ok(None);
            };
            match answered {
                Ok(Progress::Page { rows, bytes }) => {
                    return Ok(Some(FetchedPage {
                        number,
                        rows,
                        state: reading.state().to_owned(),
                        bytes,
                        took: began.elapsed(),
                        last: reading.is_done(),
                    }));
                }
                Ok(Progress::Pending(reason)) => {
                    failed = 0;
                    self.pending(reason, reading, requested_at).await?;
                }
                Ok(Progress::Done) => return Ok(None),
                Err(error) => {
                    failed = failed.saturating_add(1);
                    self.pause(failed, error).await?;
                }
            }
        }
    }

    async fn pending(
        &mut self,
        reason: Pending,
        reading: &TableSync<'_>,
        requested_at: Instant,
    ) -> Result<(), SyncError> {
        (self.events)(Event::Waiting {
            table: self.current.table.clone(),
            until: reading.waiting_until(),
            reason,
            waits_for: reading.waits_for().map(str::to_owned),
        });
        let wait = reading
            .retry_after()
            .unwrap_or_default()
            .min(self.client.options().longest_pause)
            .max(PENDING_INTERVAL.saturating_sub(requested_at.elapsed()));
        self.unless_stopped(tokio::time::sleep(wait)).await?;
        Ok(())
    }

    /// Waits before the next try. Returns the error if there is no further try.
    async fn pause(&mut self, failed: usize, error: SyncError) -> Result<(), SyncError> {
        let Some(wait) = retry::pause(self.client.options(), failed, &error) else {
            return Err(error);
        };
        (self.events)(Event::Retry {
            table: self.page.map(|_| self.current.table.clone()),
            page: self.page,
            next_try: failed.saturating_add(1),
            wait,
            cause: report::chain(&error),
        });
        self.unless_stopped(tokio::time::sleep(wait)).await?;
        Ok(())
    }

    /// Does some work, and reports a page whose commit ends meanwhile. `None` if the sync is stopped first.
    async fn unless_stopped<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>, SyncError> {
        let mut work = pin!(work);
        while !self.stopped {
            tokio::select! {
                biased;
                () = self.stop.as_mut() => self.stopped = true,
                committed = self.writer.committed() => self.report_commit(committed?)?,
                done = work.as_mut() => return Ok(Some(done)),
            }
        }
        Ok(None)
    }

    /// Waits for the page that is being committed.
    pub(super) async fn settle(&mut self) -> Result<(), SyncError> {
        if self.writer.is_committing() {
            let committed = self.writer.committed().await?;
            self.report_commit(committed)?;
        }
        Ok(())
    }

    fn report_commit(&mut self, committed: CommitOutcome) -> Result<(), SyncError> {
        for warning in committed.warnings {
            self.current.warnings = self.current.warnings.saturating_add(1);
            (self.events)(Event::Warning(warning));
        }
        let (number, took) = (committed.number, committed.took);
        let upserts = committed.result.inspect_err(|_| self.page = Some(number))?;
        let page = SlowPage { number, took };
        self.current
            .add(page, committed.rows, upserts, committed.bytes);
        (self.events)(Event::Page {
            table: self.current.table.clone(),
            number,
            rows: committed.rows,
            upserts,
            bytes: committed.bytes,
            took,
        });
        Ok(())
    }
}
