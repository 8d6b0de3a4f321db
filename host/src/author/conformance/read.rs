//! A table read to its end.

use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use crate::sync::{ConnectorClient, PageWaitError, SyncError, TableSync};

/// The table `text` has a page for each of its cases; one that goes on is a fault.
const MOST_PAGES: u64 = 60;

/// Longer than any table of the cases takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// All of a table.
#[derive(Debug, Default)]
pub(super) struct TableContent {
    pub(super) rows: Vec<Box<RawValue>>,
    pub(super) pages: u64,
}

/// Why a table was not read to its end.
#[derive(Debug)]
pub(super) enum ReadFault {
    /// A request failed.
    Request(SyncError),
    /// There are too many pages.
    Endless,
    /// A page was still pending when the time for the table was over.
    Late,
}

/// Reads all pages of a table.
pub(super) async fn read_table(
    client: &ConnectorClient,
    table: &str,
) -> Result<TableContent, ReadFault> {
    let began = Instant::now();
    let mut reading = TableSync::new(client, table, RawValue::NULL.to_owned());
    let mut content = TableContent::default();
    while !reading.is_done() {
        if content.pages >= MOST_PAGES {
            return Err(ReadFault::Endless);
        }
        let patience = PATIENCE.saturating_sub(began.elapsed());
        let rows = reading.page_within(patience).await?.unwrap_or_default();
        content.rows.extend(rows);
        content.pages = content.pages.saturating_add(1);
    }
    Ok(content)
}

impl From<PageWaitError> for ReadFault {
    fn from(error: PageWaitError) -> Self {
        match error {
            PageWaitError::Request(error) => Self::Request(error),
            PageWaitError::Pending { .. } => Self::Late,
        }
    }
}

impl ReadFault {
    /// A sentence for the author of the kit.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Request(error) => crate::report::chain(error),
            Self::Endless => format!("the table has no end within {MOST_PAGES} pages"),
            Self::Late => "the table's pages are never ready".to_owned(),
        }
    }
}
