//! Reads a table to its end.

use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use crate::sync::{ConnectorClient, PageWaitError, SyncError, TableSync};

/// The most pages of a table: `text` has a page for each of its cases.
const MAX_PAGES: u64 = 60;

/// Longer than any case takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// The content of a table.
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
    /// A page was still pending when the time for the table ran out.
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
        if content.pages >= MAX_PAGES {
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
    /// A message for the author of the kit.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Request(error) => crate::report::chain(error),
            Self::Endless => format!("the table doesn't end within {MAX_PAGES} pages"),
            Self::Late => "a page is still pending after 2 minutes".to_owned(),
        }
    }
}
