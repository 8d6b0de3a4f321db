//! The streams of one connection: the task of each, and when they must end.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::rt::Executor;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::super::delivery::Outbox;
use super::super::departure::DepartureNotice;
use super::super::head::HEADERS_TIMEOUT;
use super::super::idle::IdleEntry;
use super::super::places::ConnectionPlace;
use super::super::stall;
use super::body::PacedBody;
use super::flight::AnswerFlight;
use super::frames::HeadBegin;
use crate::lock::Mutex;

/// How long a connection may have no request. Longer than for HTTP/1.1, since clients keep such connections for later.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a client has to agree to the end of its connection. Its requests that are on their way are answered.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);

/// The same when the host can't wait any longer.
const SHORT_GOODBYE: Duration = Duration::from_millis(250);

/// How often a connection is examined.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How many requests a client may give up without a closer look. Beyond that, it may not give up more requests than it
/// lets the host answer: it costs a client nothing to begin and reset requests, and the host a call each.
const FREE_RESETS: u64 = 100;

/// What is known of the streams of one connection.
#[derive(Clone)]
pub(super) struct Http2Streams(Arc<SharedStreams>);

struct SharedStreams {
    counts: watch::Sender<StreamCounts>,
    /// The flight of the stream that has just been accepted, until its task begins.
    entering: Mutex<Option<Arc<AnswerFlight>>>,
    /// Notified with the reason why the connection must end.
    ending: Notify,
    ending_reason: Mutex<&'static str>,
    outbox: Outbox,
    write_timeout: Duration,
    /// The connection among the idle ones.
    idle: Arc<IdleEntry>,
}

#[derive(Debug)]
struct StreamCounts {
    open: u64,
    /// How many of those began after the client's time to agree to the connection's end. They keep it open no longer.
    late: u64,
    /// That time is over.
    is_over: bool,
    answered: u64,
    reset: u64,
    /// When the last stream ended, or the connection began.
    idle_since: Instant,
}

impl StreamCounts {
    fn has_had_any(&self) -> bool {
        self.open + self.answered + self.reset > 0
    }
}

/// A stream that has been accepted.
pub(super) struct StreamEntry {
    staged: Outbox,
    flight: Arc<AnswerFlight>,
}

impl StreamEntry {
    /// Where receipts of the answer wait for its last piece.
    pub(super) fn staged(&self) -> &Outbox {
        &self.staged
    }

    /// The answer's body on its way. It keeps the request's place until it is handed over.
    pub(super) fn send(self, body: Body, place: ConnectionPlace) -> PacedBody {
        self.flight.begin();
        PacedBody::new(body, self.staged, self.flight, place)
    }
}

impl Http2Streams {
    /// A connection without streams, which is idle.
    pub(super) fn new(outbox: Outbox, write_timeout: Duration, idle: Arc<IdleEntry>) -> Self {
        idle.begin();
        Self(Arc::new(SharedStreams {
            counts: watch::Sender::new(StreamCounts {
                open: 0,
                late: 0,
                is_over: false,
                answered: 0,
                reset: 0,
                idle_since: Instant::now(),
            }),
            entering: Mutex::default(),
            ending: Notify::new(),
            ending_reason: Mutex::new(""),
            outbox,
            write_timeout,
            idle,
        }))
    }

    /// Accepts a stream, whose task must be the next one that is executed.
    pub(super) fn enter(&self) -> StreamEntry {
        let flight = AnswerFlight::new(self.0.outbox.clone());
        *self.0.entering.lock() = Some(flight.clone());
        StreamEntry {
            staged: Outbox::default(),
            flight,
        }
    }

    /// Waits until the client should be asked to end the connection, and returns why. No request is lost by that.
    pub(super) async fn should_leave(&self, departure: &DepartureNotice) -> &'static str {
        let announced = async {
            if departure.is_late() {
                // The client has connected during the shutdown, and needs an answer that says so.
                let first = self.reached(StreamCounts::has_had_any);
                tokio::select! {
                    () = first => {}
                    () = departure.due() => {}
                }
            } else {
                departure.announced().await;
            }
        };
        tokio::select! {
            () = announced => "the host shuts down",
            () = self.0.idle.dismissed() => "it was idle, and places are scarce",
            () = self.idle() => "it was idle",
        }
    }

    /// Waits until the client that was asked to end the connection has had its time for that, and has the answers to all
    /// requests that it had begun by then. A client that begins further ones does so against its word (RFC 9113,
    /// section 6.8), or has never answered: it could stay forever.
    pub(super) async fn have_left(&self, departure: &DepartureNotice) {
        let hurry = async {
            tokio::join!(departure.due(), tokio::time::sleep(SHORT_GOODBYE));
        };
        tokio::select! {
            () = tokio::time::sleep(GOODBYE_TIMEOUT) => {}
            () = hurry => {}
        }
        self.0.counts.send_modify(|counts| counts.is_over = true);
        self.reached(|counts| counts.open <= counts.late).await;
    }

    /// Waits until the connection must end at once, and returns why.
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
                return "a request's head, or the beginning of HTTP/2, took too long";
            }
        }
    }

    /// Waits until the connection has had no stream for as long as it may.
    async fn idle(&self) {
        loop {
            let until = {
                let counts = self.0.counts.borrow();
                let begin = if counts.open == 0 {
                    counts.idle_since
                } else {
                    Instant::now()
                };
                begin + IDLE_TIMEOUT
            };
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }

    async fn reached(&self, condition: impl FnMut(&StreamCounts) -> bool) {
        // The sender lives as long as `self`, so this can't be an error.
        let _ = self.0.counts.subscribe().wait_for(condition).await;
    }
}

impl SharedStreams {
    /// A stream begins, whose task runs soon. Returns whether it is a late one.
    fn begin(&self) -> bool {
        let mut is_late = false;
        self.counts.send_modify(|counts| {
            counts.open += 1;
            is_late = counts.is_over;
            counts.late += u64::from(is_late);
        });
        is_late
    }

    /// Runs a stream until its answer is written, or it is reset by either side.
    async fn run(&self, stream: impl Future<Output = ()>, flight: &AnswerFlight, is_late: bool) {
        self.answer(stream, flight).await;
        self.counts.send_modify(|counts| {
            counts.open = counts.open.saturating_sub(1);
            counts.late = counts.late.saturating_sub(u64::from(is_late));
            counts.idle_since = Instant::now();
            if flight.is_answered() {
                counts.answered += 1;
            } else {
                counts.reset += 1;
            }
        });
        let is_abused = {
            let counts = self.counts.borrow();
            counts.reset > FREE_RESETS && counts.reset > counts.answered
        };
        if is_abused {
            tracing::info!("cut off a client that begins and resets requests of HTTP/2");
            self.end("too many resets");
        }
    }

    async fn answer(&self, stream: impl Future<Output = ()>, flight: &AnswerFlight) {
        let limit = self.write_timeout;
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
        // There is a flight for every stream. Anything else is run as it is.
        let Some(flight) = shared.entering.lock().take() else {
            tokio::spawn(stream);
            return;
        };
        let is_late = shared.begin();
        tokio::spawn(async move { shared.run(stream, &flight, is_late).await });
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::super::super::departure::Departure;
    use super::super::super::idle::IdleConnections;
    use super::*;

    /// Begins a stream, which ends when the sender is dropped.
    fn begin(streams: &Http2Streams) -> oneshot::Sender<()> {
        let (end, ended) = oneshot::channel();
        let _entry = streams.enter();
        StreamExecutor(streams.clone()).execute(async move {
            let _ = ended.await;
        });
        end
    }

    #[tokio::test(start_paused = true)]
    async fn streams_that_begin_after_the_goodbye_do_not_keep_the_connection() {
        let idle = IdleConnections::default().enter();
        let streams = Http2Streams::new(Outbox::default(), Duration::MAX, idle);
        let departure = Departure::new();
        let notice = departure.notice();
        let first = begin(&streams);
        let leaving = {
            let streams = streams.clone();
            tokio::spawn(async move { streams.have_left(&notice).await })
        };
        tokio::time::sleep(GOODBYE_TIMEOUT / 2).await;
        let second = begin(&streams);
        tokio::time::sleep(GOODBYE_TIMEOUT).await;
        let _late = [(); 2].map(|()| begin(&streams));
        // It ends while the others go on.
        drop(begin(&streams));
        for answered in [first, second] {
            tokio::time::sleep(GOODBYE_TIMEOUT).await;
            assert!(!leaving.is_finished());
            drop(answered);
        }
        leaving.await.unwrap();
    }
}
