//! The spans that wait to be sent.

use std::collections::VecDeque;
use std::mem;

use metrics::counter;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use super::span_record::SpanRecord;
use crate::config::BatchBounds;
use crate::lock::Mutex;
use crate::telemetry::catalog;

/// Why spans are dropped, as a label of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpanLoss {
    /// Too many wait.
    FullQueue,
    /// The collector does not take them.
    Collector,
    /// A single call has more than its share.
    CallLimit,
    /// What they belong to was cut off at the end of the host.
    Unended,
}

/// The spans that are lost at the end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LostSpans {
    /// Those that waited or were under way.
    pub(super) waiting: usize,
    /// Those that had not ended.
    pub(super) open: usize,
}

impl SpanLoss {
    fn label(self) -> &'static str {
        match self {
            Self::FullQueue => "queue",
            Self::Collector => "collector",
            Self::CallLimit => "call",
            Self::Unended => "end",
        }
    }

    /// Counts this many dropped spans.
    pub(super) fn count(self, spans: usize) {
        if spans > 0 {
            counter!(catalog::DROPPED_SPANS.name, "reason" => self.label()).increment(spans as u64);
        }
    }
}

/// The spans that wait to be sent, at most as many as configured. Adding one never waits.
#[derive(Debug)]
pub(super) struct SpanQueue {
    bounds: BatchBounds,
    state: Mutex<WaitingSpans>,
    /// Notified when the first span waits, and when a batch is complete.
    filling: Notify,
    /// Becomes true when no more spans come.
    closed: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct WaitingSpans {
    spans: VecDeque<SpanRecord>,
    /// When the first of them was added.
    since: Option<Instant>,
    /// How many the last batch has, which is being sent.
    under_way: usize,
    /// How many were dropped since the last look.
    dropped: usize,
    /// How many have begun and not ended.
    open: usize,
    /// All have been given up, and whatever comes has been counted.
    is_given_up: bool,
}

impl SpanQueue {
    pub(super) fn new(bounds: BatchBounds) -> Self {
        Self {
            bounds,
            state: Mutex::default(),
            filling: Notify::new(),
            closed: watch::Sender::new(false),
        }
    }

    /// A span begins, which is added when it ends.
    pub(super) fn begin(&self) {
        let mut state = self.state.lock();
        state.open = state.open.saturating_add(1);
    }

    /// Adds a span that has ended, or drops it if too many wait.
    pub(super) fn push(&self, span: SpanRecord) {
        let mut state = self.state.lock();
        state.open = state.open.saturating_sub(1);
        if state.is_given_up {
            return;
        }
        if state.spans.len() >= self.bounds.queue {
            state.dropped = state.dropped.saturating_add(1);
            drop(state);
            SpanLoss::FullQueue.count(1);
            return;
        }
        state.spans.push_back(span);
        let waiting = state.spans.len();
        if waiting == 1 {
            state.since = Some(Instant::now());
        }
        drop(state);
        if waiting == 1 || waiting == self.bounds.spans {
            self.filling.notify_one();
        }
    }

    /// The next batch, once it is complete or its first span has waited for long enough, but not before `earliest` unless
    /// the queue is closed. `None` if it is closed and empty.
    pub(super) async fn batch(&self, earliest: Instant) -> Option<Vec<SpanRecord>> {
        let mut closed = self.closed.subscribe();
        loop {
            let due = {
                let mut state = self.state.lock();
                // Whoever asks for the next batch is done with the last one.
                state.under_way = 0;
                let is_closed = *closed.borrow_and_update();
                if is_closed && state.spans.is_empty() {
                    return None;
                }
                let due = state.since.map(|since| {
                    let is_complete = state.spans.len() >= self.bounds.spans;
                    let filled = if is_complete {
                        since
                    } else {
                        since + self.bounds.delay
                    };
                    filled.max(earliest)
                });
                if is_closed || due.is_some_and(|due| due <= Instant::now()) {
                    return Some(state.take(self.bounds.spans));
                }
                due
            };
            let changed = async {
                tokio::select! {
                    () = self.filling.notified() => {}
                    // The sender is in `self`, so this can't be an error.
                    _ = closed.changed() => {}
                }
            };
            match due {
                None => changed.await,
                // Both ends of the wait lead to another look.
                Some(due) => {
                    let _ = timeout_at(due, changed).await;
                }
            }
        }
    }

    /// A batch of those that wait now; `None` if none do.
    pub(super) fn take_waiting(&self) -> Option<Vec<SpanRecord>> {
        let mut state = self.state.lock();
        let batch = state.take(self.bounds.spans);
        (!batch.is_empty()).then_some(batch)
    }

    /// How many spans were dropped since the last call because too many waited.
    pub(super) fn take_dropped(&self) -> usize {
        mem::take(&mut self.state.lock().dropped)
    }

    /// Gives up all spans, those under way and those that have not ended included. Returns how many there were.
    pub(super) fn give_up(&self) -> LostSpans {
        let mut state = self.state.lock();
        state.is_given_up = true;
        let spans = mem::take(&mut state.spans);
        let lost = LostSpans {
            waiting: spans.len() + mem::take(&mut state.under_way),
            open: state.open,
        };
        drop(state);
        SpanLoss::Collector.count(lost.waiting);
        SpanLoss::Unended.count(lost.open);
        lost
    }

    /// No more spans come: what waits is sent at once.
    pub(super) fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Waits until the queue is closed.
    pub(super) async fn closed(&self) {
        // The sender is in `self`, so this can't be an error.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// Whether the queue is closed.
    pub(super) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }
}

impl WaitingSpans {
    /// Takes the spans of a batch. Those that remain have waited no longer than those that leave.
    fn take(&mut self, most: usize) -> Vec<SpanRecord> {
        let count = most.min(self.spans.len());
        self.under_way = count;
        let batch = self.spans.drain(..count).collect();
        if self.spans.is_empty() {
            self.since = None;
        }
        batch
    }
}
