//! Begins traces.

use std::sync::Arc;

use http::HeaderMap;

use super::context::{RemoteParent, SpanContext};
use super::export::{SpanSender, TraceClientError};
use super::ids::IdSource;
use super::queue::SpanQueue;
use super::request_span::RequestSpan;
use super::sampler::Sampler;
use super::source::SpanSource;
use super::span_record::SpanParent;
use crate::config::{ProxyConfig, TraceConfig};

/// Begins the traces of requests. It exists only if traces are exported.
#[derive(Debug)]
pub struct Tracer {
    source: Arc<SpanSource>,
    sampler: Sampler,
    continues: bool,
}

impl Tracer {
    /// A tracer, with the task that sends its spans, through one of these proxies if the collector isn't reached directly.
    ///
    /// # Errors
    ///
    /// [`TraceClientError`]: the certificates of the configuration can't be used.
    pub(crate) fn new(
        config: &TraceConfig,
        proxies: &ProxyConfig,
    ) -> Result<(Arc<Self>, SpanSender), TraceClientError> {
        let queue = Arc::new(SpanQueue::new(config.batch));
        let sender = SpanSender::new(config, proxies, queue.clone())?;
        let ids = IdSource::default();
        let tracer = Self {
            source: Arc::new(SpanSource { ids, queue }),
            sampler: Sampler::new(config.sampler),
            continues: config.continues,
        };
        Ok((Arc::new(tracer), sender))
    }

    /// The queue of its spans.
    #[cfg(test)]
    pub(super) fn queue(&self) -> &SpanQueue {
        &self.source.queue
    }

    /// Begins the span of a request with these headers, which continues the client's trace if they name one. `None` if
    /// the trace is not recorded. The client must have been let in: anyone else could make the host record everything.
    pub(crate) fn request(&self, headers: &HeaderMap) -> Option<RequestSpan> {
        let parent = RemoteParent::of(headers).filter(|_| self.continues);
        let span = self.source.ids.span();
        let context = match &parent {
            Some(parent) => SpanContext {
                span,
                ..parent.context.clone()
            },
            None => SpanContext {
                trace: self.source.ids.trace(),
                span,
                state: None,
            },
        };
        if !self.sampler.records(context.trace, parent.as_ref()) {
            return None;
        }
        let parent = parent.map(|parent| SpanParent {
            span: parent.context.span,
            is_remote: true,
        });
        Some(RequestSpan::begin(&self.source, context, parent))
    }
}
