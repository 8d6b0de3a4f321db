//! The recorder of the process, and its text for Prometheus.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::{counter, gauge};

use super::catalog;
use super::process;
use super::series_table::SeriesTable;
use super::text::text;
use crate::lock::Mutex;

/// How long the series of a connector are kept once it is gone. Prometheus has fetched their last values by then, and
/// a connector that is replaced by removing and adding its file continues its counters.
const KEPT_AFTER_REMOVAL: Duration = Duration::from_secs(15 * 60);

/// The label of requests for no connector.
const NO_CONNECTOR: &str = "none";

/// Keeps the metrics of the process, and writes them for Prometheus.
#[derive(Debug)]
pub struct Exporter {
    series: Arc<SeriesTable>,
    /// Since when a connector that has series is not served any more.
    gone: Mutex<HashMap<String, Instant>>,
}

/// Why metrics can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum ExporterError {
    /// There is one already.
    #[error("this process already has a recorder of metrics; start only one exporter")]
    Installed,
}

impl Exporter {
    /// Keeps all metrics of this process from now on. Call it before anything reports.
    ///
    /// # Errors
    ///
    /// [`ExporterError`] if the process already has a recorder.
    pub fn install() -> Result<Self, ExporterError> {
        process::begin();
        let exporter = Self::new();
        metrics::set_global_recorder(exporter.series.clone())
            .map_err(|_| ExporterError::Installed)?;
        Ok(exporter)
    }

    /// An exporter that is not installed.
    pub(super) fn new() -> Self {
        let series = SeriesTable::new();
        series.begin_counting();
        Self {
            series: Arc::new(series),
            gone: Mutex::default(),
        }
    }

    #[cfg(feature = "bench")]
    pub(super) fn series(&self) -> &Arc<SeriesTable> {
        &self.series
    }

    /// All metrics in the text format of Prometheus (content type `text/plain; version=0.0.4`). `observe` reports the
    /// present values of gauges, with the macros of the crate `metrics`. The series of connectors that `serves` denies
    /// are forgotten after a while.
    ///
    /// With a thousand connectors it takes long enough for a thread for blocking work.
    pub fn render(&self, serves: impl Fn(&str) -> bool, observe: impl FnOnce()) -> String {
        self.render_at(Instant::now(), serves, observe)
    }

    fn render_at(
        &self,
        now: Instant,
        serves: impl Fn(&str) -> bool,
        observe: impl FnOnce(),
    ) -> String {
        self.forget_gone(now, serves);
        // Gauges live for one scrape, so none outlives its subject.
        let present = SeriesTable::new();
        metrics::with_local_recorder(&present, || {
            process::observe();
            observe();
            gauge!(catalog::SERIES.name).set(self.series.len() as f64);
        });
        metrics::with_local_recorder(&*self.series, || {
            counter!(catalog::REFUSED_SERIES.name).absolute(self.series.refused());
        });
        let mut all = self.series.all();
        all.extend(present.all());
        text(&all)
    }

    fn forget_gone(&self, now: Instant, serves: impl Fn(&str) -> bool) {
        let mut gone = self.gone.lock();
        let named = self.series.connectors();
        let absent = named
            .into_iter()
            .filter(|name| name != NO_CONNECTOR && !serves(name));
        *gone = absent
            .map(|name| {
                let since = gone.get(&name).copied().unwrap_or(now);
                (name, since)
            })
            .collect();
        let is_over = |since: &Instant| now.duration_since(*since) >= KEPT_AFTER_REMOVAL;
        let over = gone.iter().filter(|(_, since)| is_over(since));
        let over: HashSet<&str> = over.map(|(name, _)| name.as_str()).collect();
        self.series.forget(&over);
    }
}

#[cfg(test)]
mod tests;
