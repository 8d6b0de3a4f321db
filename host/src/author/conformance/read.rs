//! A table read to its end.

use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use weld_protocol::Pending;

use crate::sync::{Client, Progress, SyncError, TableSync};

/// A table of the cases has a few pages; one that goes on is a fault.
const MOST_PAGES: u64 = 20;

/// Longer than any page of the cases takes.
const PATIENCE: Duration = Duration::from_secs(120);

const PENDING_INTERVAL: Duration = Duration::from_millis(50);

/// All of a table.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) rows: Vec<Box<RawValue>>,
    pub(super) pages: u64,
}

/// Why a table did not come to its end.
#[derive(Debug)]
pub(super) enum Unread {
    Refused(SyncError),
    Endless,
    Late,
}

pub(super) async fn whole(client: &Client, table: &str) -> Result<Whole, Unread> {
    let began = Instant::now();
    let mut reading = TableSync::new(client, table, RawValue::NULL.to_owned());
    let mut whole = Whole::default();
    while !reading.is_done() {
        if whole.pages >= MOST_PAGES {
            return Err(Unread::Endless);
        }
        match reading.advance().await.map_err(Unread::Refused)? {
            Progress::Page { rows, .. } => {
                whole.rows.extend(rows);
                whole.pages = whole.pages.saturating_add(1);
            }
            Progress::Pending(_) if began.elapsed() >= PATIENCE => return Err(Unread::Late),
            Progress::Pending(Pending::Waiting | Pending::Running) => {
                tokio::time::sleep(PENDING_INTERVAL).await;
            }
            Progress::Done => break,
        }
    }
    Ok(whole)
}

impl Unread {
    pub(super) fn message(&self) -> String {
        match self {
            Self::Refused(error) => crate::report::chain(error),
            Self::Endless => format!("the table has no end within {MOST_PAGES} pages"),
            Self::Late => "the table's pages are never ready".to_owned(),
        }
    }
}
