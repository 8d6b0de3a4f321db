//! All series of a recorder, within limits.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString, Unit,
};

use super::catalog;
use super::metric::{Metric, MetricKind};
use super::series::{Series, SeriesValue, label};
use crate::lock::RwLock;

/// How many series are kept; values of others are lost. A thousand busy connectors have some 20,000.
pub(super) const MAX_SERIES: usize = 100_000;

/// How many tables of one connector, and of all, have their own name as a label. Further ones are [`OTHER_TABLE`].
pub(super) const MAX_TABLES_OF_A_CONNECTOR: usize = 100;
pub(super) const MAX_TABLES: usize = 10_000;

/// The longest name of a table that is a label.
pub(super) const MAX_TABLE_BYTES: usize = 100;

/// The label of all further tables.
pub(super) const OTHER_TABLE: &str = "other";

/// All series of one recorder.
#[derive(Debug)]
pub(super) struct SeriesTable {
    known: HashMap<&'static str, &'static Metric>,
    state: RwLock<TableState>,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct TableState {
    series: HashMap<Key, Arc<Series>>,
    /// How many series each connector has that are labeled with a table.
    tables: HashMap<String, usize>,
    /// How many these are together.
    all_tables: usize,
}

impl SeriesTable {
    /// No series yet.
    pub(super) fn new() -> Self {
        Self {
            known: catalog::all().map(|metric| (metric.name, metric)).collect(),
            state: RwLock::default(),
            refused: AtomicU64::new(0),
        }
    }

    /// Adds the metrics that are counted and have no labels, so that they are exported as 0 before the first event:
    /// otherwise Prometheus would not see the first one as an increase.
    pub(super) fn begin_counting(&self) {
        for metric in catalog::counted() {
            if metric.labels.is_empty() && metric.kind != MetricKind::Gauge {
                self.series(&Key::from_name(metric.name));
            }
        }
    }

    /// All series at this moment, in no order.
    pub(super) fn all(&self) -> Vec<Arc<Series>> {
        self.state.read().series.values().cloned().collect()
    }

    /// How many series there are.
    pub(super) fn len(&self) -> usize {
        self.state.read().series.len()
    }

    /// How often a series was refused because there are too many.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// The names of connectors that are labels.
    pub(super) fn connectors(&self) -> Vec<String> {
        let state = self.state.read();
        let names = state
            .series
            .keys()
            .filter_map(|key| label(key, "connector"));
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        drop(state);
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Forgets the series of these connectors.
    pub(super) fn forget(&self, connectors: &HashSet<&str>) {
        if connectors.is_empty() {
            return;
        }
        let is_gone = |name: &str| connectors.contains(name);
        let mut state = self.state.write();
        let gone = |key: &Key| label(key, "connector").is_some_and(is_gone);
        state.series.retain(|key, _| !gone(key));
        state.tables.retain(|connector, _| !is_gone(connector));
        state.all_tables = state.tables.values().sum();
    }

    fn series(&self, key: &Key) -> Option<Arc<Series>> {
        if let Some(series) = self.state.read().series.get(key) {
            return Some(series.clone());
        }
        let metric = *self.known.get(key.name())?;
        let series = self.state.write().add(metric, key);
        if series.is_none() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        series
    }

    fn number(&self, key: &Key, kinds: &[MetricKind]) -> Option<Arc<AtomicU64>> {
        let series = self.series(key)?;
        match &series.value {
            SeriesValue::Number(number) if kinds.contains(&series.metric.kind) => {
                Some(number.clone())
            }
            SeriesValue::Number(_) | SeriesValue::Times(_) => None,
        }
    }
}

impl TableState {
    /// The series of this key, or that of all further tables. `None` if there are too many.
    fn add(&mut self, metric: &'static Metric, key: &Key) -> Option<Arc<Series>> {
        // Another thread may have added it.
        if let Some(series) = self.series.get(key) {
            return Some(series.clone());
        }
        let connector = label(key, "connector").unwrap_or_default();
        let table = label(key, "table").filter(|table| *table != OTHER_TABLE);
        if table.is_some_and(|table| !self.has_room_for(connector, table)) {
            return self.add(metric, &of_other_tables(key));
        }
        if self.series.len() >= MAX_SERIES {
            return None;
        }
        if table.is_some() {
            *self.tables.entry(connector.to_owned()).or_default() += 1;
            self.all_tables += 1;
        }
        let series = Arc::new(Series::new(metric, key));
        self.series.insert(key.to_retained(), series.clone());
        Some(series)
    }

    fn has_room_for(&self, connector: &str, table: &str) -> bool {
        let of_connector = self.tables.get(connector).copied().unwrap_or_default();
        table.len() <= MAX_TABLE_BYTES
            && of_connector < MAX_TABLES_OF_A_CONNECTOR
            && self.all_tables < MAX_TABLES
    }
}

/// The key of the same metric for all further tables of the connector.
fn of_other_tables(key: &Key) -> Key {
    let labels = key.labels().map(|label| match label.key() {
        "table" => Label::new("table", OTHER_TABLE),
        _ => label.clone(),
    });
    Key::from_parts(key.name().to_owned(), labels.collect::<Vec<_>>())
}

impl Recorder for SeriesTable {
    // The catalog describes all metrics.
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.number(key, &[MetricKind::Counter, MetricKind::Seconds])
            .map_or_else(Counter::noop, Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.number(key, &[MetricKind::Gauge])
            .map_or_else(Gauge::noop, Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let series = self.series(key);
        match series.as_deref() {
            Some(Series {
                value: SeriesValue::Times(buckets),
                ..
            }) => Histogram::from_arc(buckets.clone()),
            _ => Histogram::noop(),
        }
    }
}
