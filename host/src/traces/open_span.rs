//! A span that has not ended yet.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::HeaderValue;

use super::attribute::AttributeValue;
use super::context::{SpanContext, traceparent};
use super::queue::SpanQueue;
use super::span_record::SpanRecord;
use crate::report;

/// The longest message of a failure, in bytes.
const MAX_FAILURE_BYTES: usize = 1_024;

/// How many links a span has at most.
const MAX_LINKS: usize = 16;

/// A span that has not ended yet. It ends, and is queued, when it is dropped: so it also ends if its work is canceled.
#[derive(Debug)]
pub(crate) struct OpenSpan {
    queue: Arc<SpanQueue>,
    began: Instant,
    /// On the heap, since most futures that hold a span hold none.
    record: Option<Box<SpanRecord>>,
}

impl OpenSpan {
    /// A span that begins now.
    pub(super) fn begin(queue: &Arc<SpanQueue>, record: SpanRecord) -> Self {
        let record = SpanRecord {
            began: now(),
            ..record
        };
        queue.begin();
        Self {
            queue: queue.clone(),
            began: Instant::now(),
            record: Some(Box::new(record)),
        }
    }

    /// Moves the beginning: the span began this long ago.
    pub(crate) fn began_before(&mut self, time: Duration) {
        self.began = Instant::now().checked_sub(time).unwrap_or(self.began);
        let began = now().saturating_sub(nanoseconds(time));
        self.change(|record| record.began = began);
    }

    /// Adds an attribute.
    pub(crate) fn set(&mut self, key: &'static str, value: impl Into<AttributeValue>) {
        let value = value.into();
        self.change(|record| record.attributes.push((key, value)));
    }

    /// Adds an attribute, if it has a value.
    pub(crate) fn set_if<V: Into<AttributeValue>>(&mut self, key: &'static str, value: Option<V>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// Changes the name.
    pub(crate) fn rename(&mut self, name: impl Into<Cow<'static, str>>) {
        let name = name.into();
        self.change(|record| record.name = name);
    }

    /// Notes that it failed. The message must not contain a secret; it may be empty.
    pub(crate) fn fail(&mut self, message: &str) {
        let message = report::escaped(&report::shortened(message, MAX_FAILURE_BYTES));
        self.change(|record| record.failure = Some(message));
    }

    /// Links to another span.
    pub(super) fn link(&mut self, to: SpanContext) {
        self.change(|record| {
            if record.links.len() < MAX_LINKS {
                record.links.push(to);
            }
        });
    }

    /// The header `traceparent` of a request that belongs to it.
    pub(crate) fn traceparent(&self) -> Option<HeaderValue> {
        traceparent(&self.record.as_ref()?.context())
    }

    fn change(&mut self, change: impl FnOnce(&mut SpanRecord)) {
        if let Some(record) = &mut self.record {
            change(record);
        }
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        if let Some(mut record) = self.record.take() {
            // A clock that jumps must not make a span last for years, or end before it begins.
            let took = nanoseconds(self.began.elapsed());
            record.ended = record.began.saturating_add(took);
            self.queue.push(*record);
        }
    }
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    nanoseconds(now.unwrap_or_default())
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
