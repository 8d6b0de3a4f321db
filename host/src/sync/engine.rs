//! Syncs tables, each from its state to its end.
//!
//! A page is committed while the next one is requested. So the commits are one page behind the requests, and a kill at
//! any point leaves the rows and the state of a complete page. The state of a pending answer is only kept in memory for
//! the next request, since it has no rows.

use std::pin::{Pin, pin};
use std::time::Instant;

use serde_json::value::RawValue;
use weld_protocol::{Pending, Table};

use super::client::ConnectorClient;
use super::destinations::Destination;
use super::error::SyncError;
use super::event::Event;
use super::options::SyncOptions;
use super::retry;
use super::standstill::Standstill;
use super::summary::{SlowPage, Summary, TableSummary};
use super::table::{PENDING_INTERVAL, Progress, TableSync};
use super::writer::{CommitOutcome, FetchedPage, Writer};
use crate::report;

/// The state of a table's first page.
const FIRST_STATE: &str = "{}";

/// Reads the schema and then every table to its end, one after the other, into `destination`, and calls `events` with
/// each step. When `stop` is ready, a commit in progress is completed, a page that is being requested is dropped, and
/// the summary says that the sync was stopped.
///
/// # Errors
///
/// [`SyncError`]. The destination then has complete pages with their state, and the next run continues from there.
pub async fn sync(
    client: &ConnectorClient,
    destination: Box<dyn Destination>,
    options: &SyncOptions,
    events: impl FnMut(Event) + Send,
    stop: impl Future<Output = ()>,
) -> Result<Summary, SyncError> {
    let began = Instant::now();
    let mut run = Run {
        client,
        options,
        events,
        stop: pin!(stop),
        stopped: false,
        writer: Writer::new(destination, options),
        current: TableSummary::default(),
    };
    let mut summary = Summary::default();
    let ended = run.tables(&mut summary.tables).await;
    // After a failed request, the page before it may still have to be written. An error of that write is more
    // informative.
    run.settle().await?;
    ended?;
    if let Some(last) = summary.tables.last() {
        run.writer.verify(&last.table).await?;
    }
    summary.took = began.elapsed();
    summary.stopped = run.stopped;
    Ok(summary)
}

struct Run<'a, E, S> {
    client: &'a ConnectorClient,
    options: &'a SyncOptions,
    events: E,
    stop: Pin<&'a mut S>,
    /// Whether `stop` was ready; it must not be polled again then.
    stopped: bool,
    writer: Writer,
    /// The summary of the current table.
    current: TableSummary,
}

impl<E: FnMut(Event) + Send, S: Future<Output = ()>> Run<'_, E, S> {
    async fn tables(&mut self, done: &mut Vec<TableSummary>) -> Result<(), SyncError> {
        let Some(schema) = self.schema().await? else {
            return Ok(());
        };
        let tables = self.options.choose(schema)?;
        let names = tables.iter().map(|table| table.name.clone()).collect();
        (self.events)(Event::Tables(names));
        for table in &tables {
            if self.stopped {
                break;
            }
            let summary = self.table(table).await?;
            (self.events)(Event::TableDone(summary.clone()));
            done.push(summary);
        }
        Ok(())
    }

    /// `None` if the sync was stopped.
    async fn schema(&mut self) -> Result<Option<Vec<Table>>, SyncError> {
        let client = self.client;
        let mut failed = 0_usize;
        loop {
            match self.unless_stopped(client.schema()).await? {
                None => return Ok(None),
                Some(Ok(tables)) => return Ok(Some(tables)),
                Some(Err(error)) => {
                    failed = failed.saturating_add(1);
                    self.pause(None, failed, error).await?;
                }
            }
        }
    }

    async fn table(&mut self, table: &Table) -> Result<TableSummary, SyncError> {
        let began = Instant::now();
        let name = table.name.as_str();
        self.current = TableSummary {
            table: name.to_owned(),
            ..TableSummary::default()
        };
        let stored = self.writer.begin(table, self.options.full).await?;
        (self.events)(Event::TableBegan {
            table: name.to_owned(),
            resumed: stored.is_some(),
        });
        let state = match stored {
            Some(state) => state,
            None => first_state(name)?,
        };
        let mut reading = TableSync::new(self.client, name, state);
        let mut number = 0_u64;
        let mut standstill = Standstill::default();
        while !reading.is_done() {
            number = number.saturating_add(1);
            let Some(page) = self.page(name, number, &mut reading).await? else {
                break;
            };
            if !page.last
                && let Some(answers) = standstill.add_page(&page.rows, reading.moved())
            {
                return Err(SyncError::Stuck {
                    table: name.to_owned(),
                    answers,
                });
            }
            self.settle().await?;
            self.writer.commit(name, page)?;
        }
        self.settle().await?;
        let mut summary = std::mem::take(&mut self.current);
        summary.took = began.elapsed();
        summary.complete = reading.is_done();
        Ok(summary)
    }

    /// Requests a page until it is ready; `None` if the sync was stopped.
    async fn page(
        &mut self,
        table: &str,
        number: u64,
        reading: &mut TableSync<'_>,
    ) -> Result<Option<FetchedPage>, SyncError> {
        let began = Instant::now();
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
                    self.pending(table, reason, reading, requested_at).await?;
                }
                Ok(Progress::Done) => return Ok(None),
                Err(error) => {
                    failed = failed.saturating_add(1);
                    self.pause(Some(table), failed, error).await?;
                }
            }
        }
    }

    async fn pending(
        &mut self,
        table: &str,
        reason: Pending,
        reading: &TableSync<'_>,
        requested_at: Instant,
    ) -> Result<(), SyncError> {
        (self.events)(Event::Waiting {
            table: table.to_owned(),
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
    async fn pause(
        &mut self,
        table: Option<&str>,
        failed: usize,
        error: SyncError,
    ) -> Result<(), SyncError> {
        let Some(wait) = retry::pause(self.client.options(), failed, &error) else {
            return Err(error);
        };
        (self.events)(Event::Retry {
            table: table.map(str::to_owned),
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
    async fn settle(&mut self) -> Result<(), SyncError> {
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
        committed.result?;
        let (number, took) = (committed.number, committed.took);
        self.current
            .add(SlowPage { number, took }, committed.rows, committed.bytes);
        (self.events)(Event::Page {
            table: self.current.table.clone(),
            number,
            rows: committed.rows,
            bytes: committed.bytes,
            took,
        });
        Ok(())
    }
}

fn first_state(table: &str) -> Result<Box<RawValue>, SyncError> {
    RawValue::from_string(FIRST_STATE.to_owned()).map_err(|source| SyncError::StoredState {
        table: table.to_owned(),
        source,
    })
}
