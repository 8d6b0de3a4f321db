//! The metrics of this host: what each is, their values, and their text for Prometheus.
//!
//! Other rooms report with the macros of the crate `metrics`, under the names in `catalog`. Without an [`Exporter`]
//! nothing is kept. Values that exist anyway, such as the slots in use, are read when Prometheus asks: a gauge that is
//! counted up and down drifts as soon as one path forgets to count.
//!
//! The recorder is our own rather than the crate `metrics-exporter-prometheus`, for four reasons:
//!
//! - The series of a connector must go when the connector goes, and stay as long as it is loaded. That crate removes
//!   what was idle for some time, so a connector that syncs once a day would lose its counters.
//! - Counters of seconds need fractions. Those of that crate are whole numbers.
//! - A histogram here has a fixed size. That crate keeps every value until the next scrape or a call of its upkeep.
//! - The number of series and of table names has a limit, which only the recorder can enforce.
//!
//! A leaf: it may use no other room but `lock`.

#[cfg(feature = "bench")]
mod bench;
mod buckets;
#[cfg(any(test, feature = "bench"))]
mod busy;
pub(crate) mod catalog;
#[cfg(test)]
mod documented;
mod exporter;
mod metric;
mod process;
mod series;
mod series_table;
mod text;

#[cfg(feature = "bench")]
pub use bench::{BenchScrape, BenchSwitch};
pub use exporter::{Exporter, ExporterError};
pub(crate) use metric::nanoseconds;
