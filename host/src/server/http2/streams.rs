//! The streams of one connection: the task of each, and when they must end.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::rt::Executor;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::delivery::Outbox;
use super::super::head::HEADERS_TIMEOUT;
use super::super::places::ConnectionPlace;
use super::super::stall;
use super::body::PacedBody;
use super::flight::AnswerFlight;
use super::frames::HeadBegin;
use crate::lock::Mutex;

/// How long a connection may have no request. Longer than for HTTP/1.1, since clients keep such connections for later.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How often a connection is examined.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How many requests a client may give up without a closer look. Beyond that, it may not give up more requests than it
/// lets the host answer: it costs a client nothing to begin and reset requests, and the host a call each.
const FREE_RESETS: u64 = 100;

/// What is known of the streams of one connection.
#[derive(Clone)]
pub(super) struct Http2Streams(Arc<SharedStreams>);

struct SharedStreams {
    counts: Mutex<StreamCounts>,
    /// The flight of the stream that has just been accepted, until its task begins.
    entering: Mutex<Option<StreamTask>>,
    /// Notified with the reason why the connection must end.
    ending: Notify,
    ending_reason: Mutex<&'static str>,
    outbox: Outbox,
    write_timeout: Duration,
}

#[derive(Debug)]
struct StreamCounts {
    open: u64,
    answered: u64,
    reset: u64,
    /// When the last stream ended, or the connection began.
    idle_since: Instant,
}

/// What the task of a stream needs.
struct StreamTask {
    flight: Arc<AnswerFlight>,
    is_answered: Arc<Mutex<bool>>,
}

/// A stream that has been accepted.
pub(super) struct StreamEntry {
    staged: Outbox,
    flight: Arc<AnswerFlight>,
    is_answered: Arc<Mutex<bool>>,
}

impl StreamEntry {
    /// Where receipts of the answer wait for its last piece.
    pub(super) fn staged(&self) -> &Outbox {
        &self.staged
    }

    /// The answer's body on its way. It keeps the request's place until it is handed over.
    pub(super) fn send(self, body: Body, place: ConnectionPlace) -> PacedBody {
        *self.is_answered.lock() = true;
        PacedBody::new(body, self.staged, self.flight, place)
    }
}

impl Http2Streams {
    /// A connection without streams.
    pub(super) fn new(outbox: Outbox, write_timeout: Duration) -> Self {
        Self(Arc::new(SharedStreams {
            counts: Mutex::new(StreamCounts {
                open: 0,
                answered: 0,
                reset: 0,
                idle_since: Instant::now(),
            }),
            entering: Mutex::default(),
            ending: Notify::new(),
            ending_reason: Mutex::new(""),
            outbox,
            write_timeout,
        }))
    }

    /// Accepts a stream, whose task must be the next one that is executed.
    pub(super) fn enter(&self) -> StreamEntry {
        let flight = AnswerFlight::new(self.0.outbox.clone());
        let is_answered = Arc::new(Mutex::new(false));
        *self.0.entering.lock() = Some(StreamTask {
            flight: flight.clone(),
            is_answered: is_answered.clone(),
        });
        StreamEntry {
            staged: Outbox::default(),
            flight,
            is_answered,
        }
    }

    /// Waits until the connection must end, and returns why.
    pub(super) async fn must_end(&self, head: &HeadBegin) -> &'static str {
        loop {
            tokio::select! {
                () = self.0.ending.notified() => return *self.0.ending_reason.lock(),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            if head
                .lock()
                .is_some_and(|begun| begun.elapsed() >= HEADERS_TIMEOUT)
            {
                return "a request's head took too long";
            }
            let counts = self.0.counts.lock();
            if counts.open == 0 && counts.idle_since.elapsed() >= IDLE_TIMEOUT {
                return "it was idle";
            }
        }
    }
}

impl SharedStreams {
    /// Runs a stream until its answer is written, or it is reset by either side.
    async fn run(&self, stream: impl Future<Output = ()>, task: StreamTask) {
        self.counts.lock().open += 1;
        self.answer(stream, &task).await;
        let is_answered = *task.is_answered.lock();
        let mut counts = self.counts.lock();
        counts.open = counts.open.saturating_sub(1);
        counts.idle_since = Instant::now();
        if is_answered {
            counts.answered += 1;
        } else {
            counts.reset += 1;
        }
        if counts.reset > FREE_RESETS && counts.reset > counts.answered {
            drop(counts);
            tracing::info!("cut off a client that begins and resets requests of HTTP/2");
            self.end("too many resets");
        }
    }

    async fn answer(&self, stream: impl Future<Output = ()>, task: &StreamTask) {
        let (flight, limit) = (&task.flight, self.write_timeout);
        tokio::select! {
            () = stream => {}
            // Dropping the stream resets it, and returns all pieces.
            () = flight.stalled(limit) => return stall::note_cut_off(limit),
        }
        tokio::select! {
            () = flight.landed() => {}
            // A small answer, of which the client reads only a part: it can't be taken back while the connection lasts.
            () = flight.stalled(limit) => {
                stall::note_cut_off(limit);
                self.end("an answer's end was not read");
            }
        }
    }

    fn end(&self, reason: &'static str) {
        *self.ending_reason.lock() = reason;
        self.ending.notify_one();
    }
}

/// Runs the tasks of streams.
#[derive(Clone)]
pub(super) struct StreamExecutor(pub(super) Http2Streams);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for StreamExecutor {
    fn execute(&self, stream: F) {
        let shared = self.0.0.clone();
        let entering = shared.entering.lock().take();
        tokio::spawn(async move {
            match entering {
                Some(task) => shared.run(stream, task).await,
                // There is an entry for every stream, so this is something else.
                None => stream.await,
            }
        });
    }
}
