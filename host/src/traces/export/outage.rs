//! What the log says of a collector that doesn't take all spans: two lines for each outage.

use super::answer::ExportFault;
use crate::report;

/// The state of the export, as the log has reported it.
#[derive(Debug)]
pub(super) struct Outage {
    /// The collector, for the log.
    endpoint: String,
    /// Whether the present outage has been reported.
    is_reported: bool,
    /// The spans that were lost in it.
    lost: usize,
}

impl Outage {
    pub(super) fn new(endpoint: String) -> Self {
        Self {
            endpoint,
            is_reported: false,
            lost: 0,
        }
    }

    /// A batch could not be sent.
    pub(super) fn begin(&mut self, fault: &ExportFault) {
        if !std::mem::replace(&mut self.is_reported, true) {
            tracing::warn!(
                endpoint = self.endpoint,
                cause = report::chain(fault),
                "traces can't be sent to the collector; spans are dropped until it takes them again"
            );
        }
    }

    /// Spans of a batch were given up.
    pub(super) fn lose(&mut self, spans: usize) {
        self.lost = self.lost.saturating_add(spans);
    }

    /// The collector took a batch, but not all of its spans.
    pub(super) fn rejection(&mut self, spans: usize, message: &str) {
        self.lose(spans);
        if !std::mem::replace(&mut self.is_reported, true) {
            tracing::warn!(
                endpoint = self.endpoint,
                spans,
                message,
                "the collector refuses spans"
            );
        }
    }

    /// This many spans were dropped because too many waited.
    pub(super) fn overflow(&mut self, spans: usize) {
        if spans == 0 {
            return;
        }
        self.lose(spans);
        if !std::mem::replace(&mut self.is_reported, true) {
            tracing::warn!(
                endpoint = self.endpoint,
                spans,
                "more spans are recorded than the collector takes, so some are dropped; record fewer traces \
                 (OTEL_TRACES_SAMPLER), or let more wait (OTEL_BSP_MAX_QUEUE_SIZE)"
            );
        }
    }

    /// The collector took all spans of a batch, and none were dropped meanwhile.
    pub(super) fn end(&mut self) {
        let lost = std::mem::take(&mut self.lost);
        if std::mem::replace(&mut self.is_reported, false) {
            tracing::info!(
                endpoint = self.endpoint,
                lost,
                "traces are sent to the collector again"
            );
        }
    }
}
