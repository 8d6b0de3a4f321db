//! HTTP/2, inside TLS only: many requests on one connection.
//!
//! Each stream is answered as a connection of HTTP/1.1 would be, by the same routes and within the same limits. One
//! connection gets no more than as many connections would: its streams are limited in number, together with those of all
//! other connections, and the head of each is charged.
//!
//! A page is kept until its client has it whole. `flight.rs` follows each piece of an answer until `h2` has written it,
//! and the connection's next flush says that the socket has taken it. If the stream is reset before, `h2` drops the
//! piece, and the page is put back.

mod body;
mod flight;
mod frames;
mod streams;
mod wire;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::header::{self, HeaderValue};
use http::{Method, Request};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

use super::access::Access;
use super::broken_head;
use super::client::Caller;
use super::delivery::{Outbox, TransportSlot};
use super::departure::DepartureNotice;
use super::drain::UnreadBody;
use super::error::ApiError;
use super::head::{HeadAccount, HeadMeter, head_bytes};
use super::idle::IdleEntry;
use super::peer::Peer;
use super::places::{ConnectionPlace, ConnectionPlaces};
use super::record::RequestRecord;
use super::routes::Routes;
use super::shutdown::ShutdownState;
use super::transport::Transport;
use body::PacedBody;
use frames::FrameMeter;
use streams::{Http2Streams, StreamEntry, StreamExecutor};
use wire::Http2Wire;

/// How many requests a client may have under way on one connection. A client that wants more waits.
const MAX_STREAMS: u32 = 100;

/// The largest head that is read, as HTTP/2 counts it: 32 bytes for each header in addition to its text. It is more than
/// the host's own limit (`MAX_HEAD_BYTES` in `head.rs`), so that the host itself refuses heads that are slightly too
/// large. A larger one is refused by `h2`, with status 431 alone.
const MAX_HEAD_LIST_BYTES: u32 = 128 << 10;

/// How much of the bodies of requests is received before it is read: of one stream, and of all streams of a connection.
const STREAM_WINDOW_BYTES: u32 = 64 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 128 << 10;

/// The largest frame that is received: the smallest limit that HTTP/2 allows.
const MAX_FRAME_BYTES: u32 = 16 << 10;

/// How many streams a client may reset before the host has seen them, and how many resets its errors may cause.
const MAX_UNSEEN_RESETS: usize = 20;
const MAX_ERROR_RESETS: usize = 100;

/// How often an idle client is asked whether it is still there, and how long it may take to answer.
const PING_EVERY: Duration = Duration::from_secs(30);
const PONG_WITHIN: Duration = Duration::from_secs(20);

/// What the streams of one connection have in common.
pub(super) struct Http2Connection {
    pub(super) routes: Routes,
    pub(super) heads: HeadAccount,
    pub(super) peer: Option<Peer>,
    pub(super) caller: Caller,
    /// How long a client may read nothing of an answer.
    pub(super) write_timeout: Duration,
    /// Places for requests, each of which counts like a connection.
    pub(super) places: ConnectionPlaces,
    /// When the connection has to end.
    pub(super) departure: Arc<DepartureNotice>,
    pub(super) shutdown: ShutdownState,
}

impl Http2Connection {
    /// Answers the requests of a connection until it ends. Its transport is then left in the slot. A client whose connection
    /// should end gets a GOAWAY first, and the requests that it has sent before it knows are still answered (RFC 9113,
    /// section 6.8).
    pub(super) async fn answer(
        self,
        transport: Transport,
        left_in: TransportSlot,
        idle: Arc<IdleEntry>,
    ) {
        let outbox = Outbox::default();
        let frames = FrameMeter::new(HeadMeter::new(self.heads.clone()));
        let begun = frames.begun();
        let wire = Http2Wire::new(transport, frames, left_in, outbox.clone());
        let streams = Http2Streams::new(outbox, self.write_timeout, idle.clone());
        let departure = self.departure.clone();
        let (shared, entering) = (Arc::new(self), streams.clone());
        let service = service_fn(move |request| {
            // Before the stream's task begins, which needs its entry.
            let entry = entering.enter();
            let (shared, place) = (shared.clone(), shared.places.place(&idle));
            async move { Ok::<_, Infallible>(shared.answer_stream(request, entry, place).await) }
        });
        let connection = hyper::server::conn::http2::Builder::new(StreamExecutor(streams.clone()))
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEAD_LIST_BYTES)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_frame_size(MAX_FRAME_BYTES)
            .max_send_buf_size(flight::AHEAD_BYTES * 2)
            .max_pending_accept_reset_streams(MAX_UNSEEN_RESETS)
            .max_local_error_reset_streams(MAX_ERROR_RESETS)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PONG_WITHIN)
            .serve_connection(TokioIo::new(wire), service);
        let mut connection = pin!(connection);
        let mut is_leaving = false;
        let reason = loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        let cause = crate::report::chain(&error);
                        tracing::debug!(cause, "a connection ended early");
                    }
                    return;
                }
                reason = streams.must_end(&begun) => break reason,
                reason = streams.should_leave(&departure), if !is_leaving => {
                    tracing::debug!(reason, "asked the client of an HTTP/2 connection to end it");
                    connection.as_mut().graceful_shutdown();
                    is_leaving = true;
                }
                () = streams.have_left(&departure), if is_leaving => {
                    break "its client did not agree to its end in time";
                }
            }
        };
        tracing::debug!(reason, "an HTTP/2 connection was closed");
    }

    /// Answers one request.
    async fn answer_stream(
        &self,
        mut request: Request<Incoming>,
        entry: StreamEntry,
        place: ConnectionPlace,
    ) -> Response<PacedBody> {
        name_host(&mut request);
        let is_head = request.method() == Method::HEAD;
        let head = HeadMeter::new(self.heads.of_streams());
        let mut response = match head.charge(head_bytes(&request)) {
            Ok(()) => {
                let access = Access {
                    routes: self.routes.clone(),
                    peer: self.peer.clone(),
                    caller: self.caller.clone(),
                    outbox: entry.staged().clone(),
                    head: Arc::new(head),
                    place: place.clone(),
                    unread: UnreadBody::default(),
                    departure: self.departure.clone(),
                    shutdown: self.shutdown.clone(),
                };
                let Ok(response) = access.answer(request).await;
                response
            }
            Err(_) => {
                drop((request, head));
                let record = RequestRecord::of_no_request(&self.caller, Outbox::default());
                broken_head::response(&ApiError::NoHeadMemory, &record)
            }
        };
        if is_head {
            response = without_body(response);
        }
        response.map(|body| entry.send(body, place))
    }
}

/// Gives the request the header `Host`, which HTTP/2 replaces by a part of the request's target. If it has another `Host`,
/// it gets both, and is refused for that (RFC 9113, section 8.3.1).
fn name_host<B>(request: &mut Request<B>) {
    let Some(authority) = request.uri().authority() else {
        return;
    };
    let Ok(host) = HeaderValue::try_from(authority.as_str()) else {
        return;
    };
    let headers = request.headers_mut();
    if headers
        .get_all(header::HOST)
        .iter()
        .any(|named| *named != host)
    {
        headers.append(header::HOST, host);
    } else {
        headers.insert(header::HOST, host);
    }
}

/// The answer to HEAD: it says how long its body would be.
fn without_body(mut response: Response) -> Response {
    let length = response.body().size_hint().exact();
    if let Some(length) = length {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response.map(|_| Body::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_request_is_its_authority() {
        for (target, named, expected) in [
            ("https://example.com/beers", &[][..], &["example.com"][..]),
            (
                "https://example.com/beers",
                &["example.com"],
                &["example.com"],
            ),
            (
                "https://example.com/",
                &["other.example.com"],
                &["other.example.com", "example.com"],
            ),
            ("/beers", &["example.com"], &["example.com"]),
            ("/beers", &[], &[]),
        ] {
            let mut request = Request::builder().uri(target);
            for name in named {
                request = request.header(header::HOST, *name);
            }
            let mut request = request.body(()).unwrap();
            name_host(&mut request);
            let hosts: Vec<_> = request.headers().get_all(header::HOST).iter().collect();
            assert_eq!(hosts, expected, "{target} {named:?}");
        }
    }
}
