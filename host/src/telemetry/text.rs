//! Series as text, in the exposition format of Prometheus, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::catalog;
use super::metric::{Metric, MetricKind};
use super::series::{Series, SeriesValue};

/// About how long one line is.
const LINE_BYTES: usize = 100;

/// All series, by metric in the order of the catalog, then by labels. A metric without series is left out.
pub(super) fn text(all: &[Arc<Series>]) -> String {
    let mut by_metric: HashMap<&str, Vec<&Series>> = HashMap::new();
    for series in all {
        by_metric
            .entry(series.metric.name)
            .or_default()
            .push(series);
    }
    let mut text = String::with_capacity(all.len().saturating_mul(LINE_BYTES));
    for metric in catalog::all() {
        let Some(mut series) = by_metric.remove(metric.name) else {
            continue;
        };
        series.sort_unstable_by(|one, other| one.labels.cmp(&other.labels));
        let Metric { name, help, .. } = metric;
        let kind = metric.kind.name();
        // Writing to a String doesn't fail, here and below. `help` needs no escaping: a test reads all.
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for series in series {
            write_series(&mut text, series);
        }
    }
    text
}

fn write_series(text: &mut String, series: &Series) {
    let (name, labels) = (series.metric.name, &*series.labels);
    match &series.value {
        SeriesValue::Number(number) => {
            let number = number.load(Ordering::Relaxed);
            write_name(text, name, "", labels, None);
            let _ = match series.metric.kind {
                MetricKind::Gauge => write_number(text, f64::from_bits(number)),
                // Milliseconds are exact enough for a time that grows for days, and shorter.
                MetricKind::Seconds => writeln!(text, "{}", (number / 1_000_000) as f64 / 1e3),
                MetricKind::Counter | MetricKind::Histogram(_) => writeln!(text, "{number}"),
            };
        }
        SeriesValue::Times(buckets) => {
            let snapshot = buckets.snapshot();
            for (bound, count) in snapshot.up_to {
                write_name(text, name, "_bucket", labels, Some(&bound.to_string()));
                let _ = writeln!(text, "{count}");
            }
            write_name(text, name, "_bucket", labels, Some("+Inf"));
            let _ = writeln!(text, "{}", snapshot.count);
            write_name(text, name, "_sum", labels, None);
            let _ = writeln!(text, "{}", snapshot.sum.as_micros() as f64 / 1e6);
            write_name(text, name, "_count", labels, None);
            let _ = writeln!(text, "{}", snapshot.count);
        }
    }
}

/// A line up to its value. `bound` is the label `le` of a bucket.
fn write_name(text: &mut String, name: &str, ending: &str, labels: &str, bound: Option<&str>) {
    text.push_str(name);
    text.push_str(ending);
    if !labels.is_empty() || bound.is_some() {
        text.push('{');
        text.push_str(labels);
        if let Some(bound) = bound {
            let comma = if labels.is_empty() { "" } else { "," };
            let _ = write!(text, "{comma}le=\"{bound}\"");
        }
        text.push('}');
    }
    text.push(' ');
}

fn write_number(text: &mut String, number: f64) -> std::fmt::Result {
    if number.is_nan() {
        writeln!(text, "NaN")
    } else if number.is_infinite() {
        writeln!(text, "{}Inf", if number > 0.0 { '+' } else { '-' })
    } else {
        writeln!(text, "{number}")
    }
}
