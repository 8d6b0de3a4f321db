//! The list of connectors, as JSON.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::config::LimitValue;
use crate::connectors::{Connector, ConnectorOverview, Connectors, JournalCopy, ReadinessStage};
use crate::pages::{CallMonitor, CallsUnderWay};

/// All connectors, and the state of the host.
#[derive(Serialize)]
struct ConnectorList {
    /// The host's version.
    version: &'static str,
    status: ReadinessStage,
    connectors: Vec<ListEntry>,
}

/// One connector.
#[derive(Serialize)]
struct ListEntry {
    name: String,
    /// `ready`, `loading` or `not_loaded`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<VersionEntry>,
    /// Why the component, or the newest version of it, failed to load.
    load_error: Option<ErrorEntry>,
    /// Why the last call that failed did so.
    call_error: Option<ErrorEntry>,
    calls: CallCounts,
    waits: Vec<WaitEntry>,
    /// The last page of each table.
    tables: BTreeMap<String, PageEntry>,
    /// The number of pages of tables that are not remembered by name.
    other_pages: u64,
}

/// The version that serves.
#[derive(Serialize)]
struct VersionEntry {
    digest: String,
    language: Option<String>,
    loaded_at: String,
    limits: BTreeMap<&'static str, LimitEntry>,
}

#[derive(Serialize)]
struct ErrorEntry {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    message: String,
}

#[derive(Serialize)]
struct CallCounts {
    running: u64,
    waiting: u64,
    queued: u64,
    held: u64,
}

#[derive(Serialize)]
struct WaitEntry {
    reason: String,
    calls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

#[derive(Serialize)]
struct PageEntry {
    at: String,
    rows: u64,
    seconds: f64,
}

struct LimitEntry(LimitValue);

impl Serialize for LimitEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            LimitValue::Text(text) => serializer.serialize_str(text),
            LimitValue::Number(number) => serializer.serialize_u32(*number),
            LimitValue::Unset => serializer.serialize_none(),
        }
    }
}

/// All connectors, as JSON: the object `{"version", "status", "connectors"}`.
pub(super) fn json(connectors: &Connectors, calls: &CallMonitor) -> String {
    let mut calls = calls.calls();
    let entries = connectors.overview().into_iter().map(|overview| {
        let calls = calls.remove(&overview.name).unwrap_or_default();
        entry(overview, calls)
    });
    let list = ConnectorList {
        version: env!("CARGO_PKG_VERSION"),
        status: connectors.readiness().stage(),
        connectors: entries.collect(),
    };
    // Serializing these types can't fail: the keys of their maps are strings.
    serde_json::to_string(&list).unwrap_or_default()
}

fn entry(overview: ConnectorOverview, calls: CallsUnderWay) -> ListEntry {
    let connector = overview.connector.as_deref();
    let journal =
        connector.map_or_else(JournalCopy::default, |connector| connector.journal().copy());
    let waits = calls.waits.into_iter().map(|(reason, count)| WaitEntry {
        reason,
        calls: count.calls,
        until: count.until.map(time),
    });
    let tables = journal.tables.into_iter().map(|(table, page)| {
        let page = PageEntry {
            at: time(page.at),
            rows: page.rows,
            seconds: page.took.as_secs_f64(),
        };
        (table, page)
    });
    ListEntry {
        state: match (&overview.connector, &overview.problem) {
            (Some(_), _) => "ready",
            (None, None) => "loading",
            (None, Some(_)) => "not_loaded",
        },
        version: connector.map(version),
        load_error: overview.problem.map(|problem| ErrorEntry {
            at: time(problem.at),
            table: None,
            message: problem.reason.to_string(),
        }),
        call_error: journal.failure.map(|failure| ErrorEntry {
            at: time(failure.at),
            table: failure.table,
            message: failure.message,
        }),
        calls: CallCounts {
            running: calls.running,
            waiting: calls.waiting,
            queued: calls.queued,
            held: calls.held,
        },
        waits: waits.collect(),
        tables: tables.collect(),
        other_pages: journal.other_pages,
        name: overview.name,
    }
}

fn version(connector: &Connector) -> VersionEntry {
    let component = connector.component();
    let limits = connector.limits().values();
    VersionEntry {
        digest: format!("sha256:{}", component.digest),
        language: component.language.clone(),
        loaded_at: time(connector.loaded_at()),
        limits: limits.map(|(key, value)| (key, LimitEntry(value))).into(),
    }
}

/// A time as RFC 3339 writes it, rounded to milliseconds.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
