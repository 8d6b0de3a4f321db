//! The export of traces.

use crate::telemetry::metric::Metric;

pub(in crate::telemetry) const ALL: &[Metric] = &[SENT_SPANS, DROPPED_SPANS];

/// Spans that the collector has taken.
pub(crate) const SENT_SPANS: Metric = Metric::counter(
    "weld_host_trace_spans_sent_total",
    &[],
    "Spans that were sent to the collector of traces.",
);

/// `reason` is `queue` if too many waited, `collector` if that did not take them, `call` if one call had too many.
pub(crate) const DROPPED_SPANS: Metric = Metric::counter(
    "weld_host_trace_spans_dropped_total",
    &["reason"],
    "Spans that were dropped instead of sent.",
);
