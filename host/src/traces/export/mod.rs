//! Sends spans to the collector.

mod answer;
mod client;
mod message;
mod outage;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use metrics::counter;
use tokio::time::{Instant, timeout_at};

use super::ids::IdSource;
use super::queue::{SpanLoss, SpanQueue};
use super::span_record::SpanRecord;
use crate::config::TraceConfig;
use crate::telemetry::catalog;
use answer::CollectorAnswer;
use client::CollectorClient;
pub use client::TraceClientError;
use message::{ExportRequest, ResourceMessage};
use outage::Outage;

/// How long to wait before the second try; each further wait is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest time that the last spans may take at the end.
const FLUSH_TIME: Duration = Duration::from_secs(5);

/// Sends the spans of a tracer to the collector.
#[derive(Debug)]
pub(crate) struct SpanSender {
    queue: Arc<SpanQueue>,
    client: CollectorClient,
    resource: ResourceMessage,
    patience: Duration,
    outage: Outage,
}

/// Ends the export.
#[derive(Debug)]
pub(crate) struct ExportEnd(Arc<SpanQueue>);

impl ExportEnd {
    /// Sends what waits, and waits for that, at most until `until` and for a few seconds. `sending` is the task of the
    /// sender.
    pub(crate) async fn flush(&self, sending: impl Future, until: Instant) {
        self.0.close();
        let until = until.min(Instant::now() + FLUSH_TIME);
        if timeout_at(until, sending).await.is_err() {
            let spans = self.0.give_up();
            tracing::warn!(
                spans,
                "the collector did not take the last spans in time; they are lost"
            );
        }
    }
}

impl SpanSender {
    pub(in crate::traces) fn new(
        config: &TraceConfig,
        queue: Arc<SpanQueue>,
    ) -> Result<Self, TraceClientError> {
        Ok(Self {
            queue,
            client: CollectorClient::new(config)?,
            resource: ResourceMessage::new(&config.resource, &IdSource::default().trace()),
            patience: config.batch.patience,
            outage: Outage::new(config.endpoint.to_string()),
        })
    }

    /// Ends the export later.
    pub(crate) fn end(&self) -> ExportEnd {
        ExportEnd(self.queue.clone())
    }

    /// Sends spans until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        while let Some(batch) = self.queue.batch().await {
            let spans = batch.len();
            match self.body(batch).await {
                Some(body) => self.deliver(spans, body).await,
                None => SpanLoss::Collector.count(spans),
            }
            self.outage.overflow(self.queue.take_dropped());
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
    async fn deliver(&mut self, spans: usize, body: Bytes) {
        let until = Instant::now() + self.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let fault = match self.client.send(body.clone()).await {
                Ok(CollectorAnswer { rejected, message }) => {
                    let rejected = rejected.min(spans);
                    counter!(catalog::SENT_SPANS.name)
                        .increment(spans.saturating_sub(rejected) as u64);
                    if rejected == 0 {
                        self.outage.end();
                    } else {
                        SpanLoss::Collector.count(rejected);
                        self.outage.rejection(rejected, &message);
                    }
                    return;
                }
                Err(fault) => fault,
            };
            self.outage.begin(&fault);
            let wait = fault.asked_wait().unwrap_or(pause);
            let is_late = Instant::now()
                .checked_add(wait)
                .is_none_or(|next| next >= until);
            if !fault.may_pass() || self.queue.is_closed() || is_late {
                break;
            }
            // At the end of the host, one more try is made at once.
            let _ = tokio::time::timeout(wait, self.queue.closed()).await;
            pause = pause.saturating_mul(2);
        }
        SpanLoss::Collector.count(spans);
        self.outage.lose(spans);
    }
}
