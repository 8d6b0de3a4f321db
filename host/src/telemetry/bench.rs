//! The exporter for benchmarks. Only with the feature `bench`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};

use super::busy;
use super::exporter::{Exporter, ExporterError};
use super::series_table::SeriesTable;

/// An exporter with the series of many busy connectors.
pub struct BenchScrape {
    exporter: Exporter,
    connectors: usize,
}

impl BenchScrape {
    /// An exporter of this many connectors.
    #[must_use]
    pub fn of(connectors: usize) -> Self {
        let exporter = Exporter::new();
        with_local_recorder(&**exporter.series(), || busy::count(connectors));
        Self {
            exporter,
            connectors,
        }
    }

    /// The text of one scrape.
    #[must_use]
    pub fn scrape(&self) -> String {
        self.exporter
            .render(|_| true, || busy::observe(self.connectors))
    }
}

/// The recorder of the process, which can be switched off.
pub struct BenchSwitch(Arc<AtomicBool>);

impl BenchSwitch {
    /// Installs a recorder that is off.
    ///
    /// # Errors
    ///
    /// [`ExporterError`] if the process already has a recorder.
    pub fn install() -> Result<Self, ExporterError> {
        let is_on = Arc::new(AtomicBool::new(false));
        let recorder = SwitchedRecorder {
            is_on: is_on.clone(),
            series: Exporter::new().series().clone(),
        };
        metrics::set_global_recorder(recorder).map_err(|_| ExporterError::Installed)?;
        Ok(Self(is_on))
    }

    /// Keeps metrics from now on, or not.
    pub fn set(&self, is_on: bool) {
        self.0.store(is_on, Ordering::Relaxed);
    }
}

struct SwitchedRecorder {
    is_on: Arc<AtomicBool>,
    series: Arc<SeriesTable>,
}

impl Recorder for SwitchedRecorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        match self.is_on.load(Ordering::Relaxed) {
            true => self.series.register_counter(key, metadata),
            false => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        match self.is_on.load(Ordering::Relaxed) {
            true => self.series.register_gauge(key, metadata),
            false => Gauge::noop(),
        }
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        match self.is_on.load(Ordering::Relaxed) {
            true => self.series.register_histogram(key, metadata),
            false => Histogram::noop(),
        }
    }
}
