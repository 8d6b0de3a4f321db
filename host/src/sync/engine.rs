//! Syncs tables, each from its state to its end.
//!
//! A page is committed while the next one is requested. So the commits are one page behind the requests, and a kill at
//! any point leaves the rows and the state of a complete page. The state of a pending answer is only kept in memory for
//! the next request, since it has no rows.

use std::pin::pin;
use std::time::Instant;

use serde_json::value::RawValue;
use weld_protocol::Table;

use super::client::ConnectorClient;
use super::destinations::Destination;
use super::error::SyncError;
use super::event::Event;
use super::failure::{Continuation, SyncFailure};
use super::options::SyncOptions;
use super::run::Run;
use super::standstill::Standstill;
use super::summary::{Summary, TableSummary};
use super::table::TableSync;
use super::writer::Writer;

/// The state of a table's first page.
const FIRST_STATE: &str = "{}";

/// Reads the schema and then every table to its end, one after the other, into `destination`, and calls `events` with
/// each step. When `stop` is ready, a commit in progress is completed, a page that is being requested is dropped, and
/// the summary says that the sync was stopped.
///
/// # Errors
///
/// [`SyncFailure`]. The destination then has complete pages with their state, and the next run continues from there.
pub async fn sync(
    client: &ConnectorClient,
    destination: Box<dyn Destination>,
    options: &SyncOptions,
    events: impl FnMut(Event) + Send,
    stop: impl Future<Output = ()>,
) -> Result<Summary, SyncFailure> {
    let began = Instant::now();
    let continuation = Continuation::of(options.full, destination.keeps_states());
    let mut run = Run {
        client,
        options,
        events,
        stop: pin!(stop),
        stopped: false,
        writer: Writer::new(destination, options),
        current: TableSummary::default(),
        has_begun: false,
        resumed: false,
        page: None,
        next: Vec::new(),
    };
    let mut summary = Summary::default();
    if let Err(cause) = run.read_all(&mut summary.tables).await {
        return Err(run.failure(cause, continuation));
    }
    summary.took = began.elapsed();
    summary.stopped = run.stopped;
    Ok(summary)
}

impl<E: FnMut(Event) + Send, S: Future<Output = ()>> Run<'_, E, S> {
    /// Syncs all tables, and completes the last commit even after an error.
    async fn read_all(&mut self, done: &mut Vec<TableSummary>) -> Result<(), SyncError> {
        let ended = self.tables(done).await;
        // After a failed request, the page before it may still have to be written. An error of that write is more
        // informative.
        self.settle().await?;
        ended?;
        if !done.is_empty() {
            self.page = None;
            self.writer.verify().await?;
        }
        Ok(())
    }

    fn failure(self, cause: SyncError, continuation: Continuation) -> SyncFailure {
        let TableSummary { table, rows, .. } = self.current;
        SyncFailure {
            component: self.client.options().component.clone(),
            table: self.has_begun.then_some(table),
            page: self.page,
            resumed: self.resumed,
            rows,
            unreached: self.next,
            continuation,
            cause: Box::new(cause),
        }
    }

    async fn tables(&mut self, done: &mut Vec<TableSummary>) -> Result<(), SyncError> {
        let Some(schema) = self.schema().await? else {
            return Ok(());
        };
        let tables = self.options.choose(schema)?;
        let names: Vec<_> = tables.iter().map(|table| table.name.clone()).collect();
        self.next.clone_from(&names);
        (self.events)(Event::Tables(names));
        for table in &tables {
            if self.stopped {
                break;
            }
            self.next.retain(|name| *name != table.name);
            let summary = self.table(table).await?;
            (self.events)(Event::TableDone(summary.clone()));
            done.push(summary);
        }
        Ok(())
    }

    async fn table(&mut self, table: &Table) -> Result<TableSummary, SyncError> {
        let began = Instant::now();
        let name = table.name.as_str();
        self.current = TableSummary {
            table: name.to_owned(),
            ..TableSummary::default()
        };
        self.has_begun = true;
        self.resumed = false;
        self.page = None;
        let stored = self.writer.begin(table, self.options.full).await?;
        self.resumed = stored.is_some();
        (self.events)(Event::TableBegan {
            table: name.to_owned(),
            resumed: self.resumed,
        });
        let state = match stored {
            Some(state) => state,
            None => first_state()?,
        };
        let mut reading = TableSync::new(self.client, name, state);
        let mut number = 0_u64;
        let mut standstill = Standstill::default();
        let mut rows = 0_u64;
        let mut limit = None;
        while !reading.is_done() && limit.is_none() {
            number = number.saturating_add(1);
            let Some(page) = self.fetch(number, &mut reading).await? else {
                break;
            };
            if !page.last
                && let Some(answers) = standstill.add_page(&page.rows, reading.moved())
            {
                return Err(SyncError::Stuck { answers });
            }
            self.settle().await?;
            rows = rows.saturating_add(page.rows.len() as u64);
            self.writer.commit(name, page)?;
            limit = self.options.limits.reached(rows, number);
        }
        self.settle().await?;
        let limit = limit.filter(|_| !reading.is_done());
        if let Some(limit) = limit {
            (self.events)(Event::LimitReached {
                table: name.to_owned(),
                limit,
            });
        }
        let mut summary = self.current.clone();
        summary.took = began.elapsed();
        summary.complete = reading.is_done();
        summary.limit = limit;
        Ok(summary)
    }
}

fn first_state() -> Result<Box<RawValue>, SyncError> {
    RawValue::from_string(FIRST_STATE.to_owned()).map_err(SyncError::StoredState)
}
