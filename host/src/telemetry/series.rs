//! One series: the values of a metric for one combination of labels.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use metrics::Key;

use super::buckets::Buckets;
use super::metric::{Metric, MetricKind};

/// The values of one metric for one combination of labels.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) metric: &'static Metric,
    /// `connector="beers",table="ales"`, escaped; empty if there are none.
    pub(super) labels: Box<str>,
    pub(super) value: SeriesValue,
}

/// The present value.
#[derive(Debug)]
pub(super) enum SeriesValue {
    /// A counter's number, nanoseconds, or the bits of a gauge's `f64`.
    Number(Arc<AtomicU64>),
    Times(Arc<Buckets>),
}

impl Series {
    /// A new series of this metric, without values.
    pub(super) fn new(metric: &'static Metric, key: &Key) -> Self {
        Self {
            metric,
            labels: label_text(metric, key),
            value: match metric.kind {
                MetricKind::Histogram(bounds) => SeriesValue::Times(Arc::new(Buckets::new(bounds))),
                MetricKind::Counter | MetricKind::Seconds | MetricKind::Gauge => {
                    SeriesValue::Number(Arc::default())
                }
            },
        }
    }
}

/// The value of this label.
pub(super) fn label<'k>(key: &'k Key, name: &str) -> Option<&'k str> {
    let found = key.labels().find(|label| label.key() == name);
    found.map(metrics::Label::value)
}

/// The labels in the order of the metric, escaped as Prometheus' text format asks: `\`, `"` and line feeds.
fn label_text(metric: &Metric, key: &Key) -> Box<str> {
    let mut text = String::new();
    for name in metric.labels {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a String doesn't fail.
        let _ = write!(text, "{comma}{name}=\"");
        for character in label(key, name).unwrap_or_default().chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                other => text.push(other),
            }
        }
        text.push('"');
    }
    text.into()
}
