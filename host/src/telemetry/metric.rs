//! What a metric is.

use std::time::Duration;

/// One metric, as it is reported, exported and documented.
#[derive(Debug)]
pub(crate) struct Metric {
    /// By the conventions of Prometheus: `weld_host_`, the thing, its unit, and `_total` for a counter.
    pub(crate) name: &'static str,
    pub(crate) kind: MetricKind,
    /// The names of its labels, in the order in which they are written.
    pub(crate) labels: &'static [&'static str],
    /// One sentence for the text of Prometheus and the manual, in plain text.
    pub(crate) help: &'static str,
}

/// How the values of a metric behave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum MetricKind {
    /// A number that only grows.
    Counter,
    /// A time that only grows. It is counted in nanoseconds (see [`nanoseconds`]) and exported in seconds.
    Seconds,
    /// A number that grows and shrinks.
    Gauge,
    /// How many times were at most as long as each of these numbers of seconds.
    Histogram(&'static [f64]),
}

impl MetricKind {
    /// The name of the kind in Prometheus.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Counter | Self::Seconds => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

impl Metric {
    pub(super) const fn counter(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self::new(MetricKind::Counter, name, labels, help)
    }

    pub(super) const fn seconds(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self::new(MetricKind::Seconds, name, labels, help)
    }

    pub(super) const fn gauge(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self::new(MetricKind::Gauge, name, labels, help)
    }

    pub(super) const fn histogram(
        name: &'static str,
        labels: &'static [&'static str],
        bounds: &'static [f64],
        help: &'static str,
    ) -> Self {
        Self::new(MetricKind::Histogram(bounds), name, labels, help)
    }

    const fn new(
        kind: MetricKind,
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            labels,
            help,
        }
    }
}

/// A time as a metric of the kind [`MetricKind::Seconds`] counts it.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
