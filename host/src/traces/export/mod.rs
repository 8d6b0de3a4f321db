//! Sends spans to the collector.

mod answer;
mod client;
mod message;
mod outage;
mod route;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use metrics::counter;
use tokio::time::{Instant, timeout_at};

use super::ids::IdSource;
use super::queue::{LostSpans, SpanLoss, SpanQueue};
use super::span_record::SpanRecord;
use crate::config::{ProxyConfig, TraceConfig};
use crate::telemetry::catalog;
use answer::{CollectorAnswer, ExportFault};
use client::CollectorClient;
pub use client::TraceClientError;
use message::{ExportRequest, ResourceMessage};
use outage::Outage;

/// How long to wait before the second try; each further wait is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest time that the last spans may take at the end.
const FLUSH_TIME: Duration = Duration::from_secs(5);

/// The time that they may take at least, even if the shutdown has used all of its own.
const LEAST_FLUSH_TIME: Duration = Duration::from_millis(500);

/// How long a process that waits for the collector before each of its answers sends nothing after the collector has failed.
const QUIET_AFTER_FAULT: Duration = Duration::from_secs(5);

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// The collector took all of its spans.
    Complete,
    /// Some of its spans are lost, but not since the collector failed.
    Partial,
    /// The collector failed, so all of them are lost.
    Failed,
}

/// Sends the spans of a tracer to the collector.
#[derive(Debug)]
pub(crate) struct SpanSender {
    queue: Arc<SpanQueue>,
    client: CollectorClient,
    resource: ResourceMessage,
    patience: Duration,
    /// When the collector may be asked again.
    quiet_until: Instant,
    outage: Outage,
}

/// Ends the export.
#[derive(Debug)]
pub(crate) struct ExportEnd(Arc<SpanQueue>);

impl ExportEnd {
    /// Sends what waits, and waits for that: at most until `until` and for a few seconds, but always for a moment. `sending`
    /// is the task of the sender.
    pub(crate) async fn flush(&self, sending: impl Future, until: Instant) {
        self.0.close();
        let now = Instant::now();
        let until = until.max(now + LEAST_FLUSH_TIME).min(now + FLUSH_TIME);
        // If it ends in time, spans may still be open whose calls were cut off.
        let _ = timeout_at(until, sending).await;
        let LostSpans { waiting, open } = self.0.give_up();
        if waiting > 0 {
            tracing::warn!(
                spans = waiting,
                "the collector did not take the last spans in time; they are lost"
            );
        }
        if open > 0 {
            tracing::warn!(
                spans = open,
                "the spans of requests and calls that were cut off are lost"
            );
        }
    }
}

impl SpanSender {
    pub(in crate::traces) fn new(
        config: &TraceConfig,
        proxies: &ProxyConfig,
        queue: Arc<SpanQueue>,
    ) -> Result<Self, TraceClientError> {
        Ok(Self {
            queue,
            client: CollectorClient::new(config, proxies)?,
            resource: ResourceMessage::new(&config.resource, &IdSource::default().trace()),
            patience: config.batch.patience,
            quiet_until: Instant::now(),
            outage: Outage::new(config.endpoint.to_string()),
        })
    }

    /// Ends the export later.
    pub(crate) fn end(&self) -> ExportEnd {
        ExportEnd(self.queue.clone())
    }

    /// Sends spans until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        while let Some(batch) = self.queue.batch(self.quiet_until).await {
            let delivery = self.send(batch).await;
            self.note(delivery);
        }
    }

    /// Sends the spans that wait now, at most until `until`, for a process that may be stopped afterward. If the collector
    /// was not reachable lately, or there is no time, they continue to wait.
    pub(crate) async fn send_waiting(&mut self, until: Instant) {
        loop {
            let began = Instant::now();
            if began < self.quiet_until || began >= until {
                return;
            }
            let Some(batch) = self.queue.take_waiting() else {
                return;
            };
            let spans = batch.len();
            let delivery = match timeout_at(until, self.send(batch)).await {
                Ok(delivery) => delivery,
                Err(_) => {
                    self.outage.begin(&ExportFault::Timeout(until - began));
                    self.lose(spans);
                    Delivery::Failed
                }
            };
            if delivery == Delivery::Failed {
                self.quiet_until = self.quiet_until.max(Instant::now() + QUIET_AFTER_FAULT);
            }
            self.note(delivery);
        }
    }

    async fn send(&mut self, batch: Vec<SpanRecord>) -> Delivery {
        let spans = batch.len();
        match self.body(batch).await {
            Some(body) => self.deliver(spans, body).await,
            None => {
                self.lose(spans);
                Delivery::Partial
            }
        }
    }

    /// Tells the log how a batch ended.
    fn note(&mut self, delivery: Delivery) {
        match self.queue.take_dropped() {
            0 if delivery == Delivery::Complete => self.outage.end(),
            dropped => self.outage.overflow(dropped),
        }
    }

    /// The body of a batch's request, made on a thread for blocking work, since it may take milliseconds. `None` if the
    /// thread has failed.
    async fn body(&self, batch: Vec<SpanRecord>) -> Option<Bytes> {
        let (resource, compression) = (self.resource.clone(), self.client.compression());
        let made = tokio::task::spawn_blocking(move || {
            ExportRequest::new(resource, batch).into_body(compression)
        });
        made.await.ok()
    }

    /// Sends a batch, again if the collector asks for that or can't be reached, for as long as its time lasts.
    async fn deliver(&mut self, spans: usize, body: Bytes) -> Delivery {
        let until = Instant::now() + self.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let fault = match self.client.send(body.clone()).await {
                Ok(CollectorAnswer { rejected, message }) => {
                    let rejected = rejected.min(spans);
                    counter!(catalog::SENT_SPANS.name)
                        .increment(spans.saturating_sub(rejected) as u64);
                    if rejected == 0 {
                        return Delivery::Complete;
                    }
                    SpanLoss::Collector.count(rejected);
                    self.outage.rejection(rejected, &message);
                    return Delivery::Partial;
                }
                Err(fault) => fault,
            };
            self.outage.begin(&fault);
            let wait = fault.wait(pause);
            let is_late = Instant::now()
                .checked_add(wait)
                .is_none_or(|next| next >= until);
            if !fault.may_pass() || self.queue.is_closed() || is_late {
                self.quiet_until = Instant::now() + fault.quiet();
                self.lose(spans);
                return Delivery::Failed;
            }
            // At the end of the host, one more try is made at once.
            let _ = tokio::time::timeout(wait, self.queue.closed()).await;
            pause = pause.saturating_mul(2);
        }
    }

    fn lose(&mut self, spans: usize) {
        SpanLoss::Collector.count(spans);
        self.outage.lose(spans);
    }
}
