//! What the log says of a collector that doesn't take all spans: two lines for each outage, and for so many outages at most.

use std::time::Duration;

use tokio::time::Instant;

use super::answer::ExportFault;
use crate::report;

/// How long after an outage has been reported the next one is. Otherwise a collector that takes every other batch would
/// fill the log. One that lasts longer is reported then.
const QUIET: Duration = Duration::from_secs(5 * 60);

/// The state of the export, as the log has reported it.
#[derive(Debug)]
pub(super) struct Outage {
    /// The collector, for the log.
    endpoint: String,
    /// Whether the present outage has been reported.
    is_reported: bool,
    /// When the next one may be.
    next: Option<Instant>,
    /// The spans that were lost since the log has said that traces are sent again.
    lost: usize,
}

impl Outage {
    pub(super) fn new(endpoint: String) -> Self {
        Self {
            endpoint,
            is_reported: false,
            next: None,
            lost: 0,
        }
    }

    /// Whether the log should report the outage now.
    fn should_report(&mut self) -> bool {
        let now = Instant::now();
        if self.is_reported || self.next.is_some_and(|next| now < next) {
            return false;
        }
        self.is_reported = true;
        self.next = Some(now + QUIET);
        true
    }

    /// A batch could not be sent.
    pub(super) fn begin(&mut self, fault: &ExportFault) {
        if self.should_report() {
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
        if self.should_report() {
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
        if self.should_report() {
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
        if std::mem::replace(&mut self.is_reported, false) {
            let lost = std::mem::take(&mut self.lost);
            tracing::info!(
                endpoint = self.endpoint,
                lost,
                "traces are sent to the collector again"
            );
        }
    }
}
