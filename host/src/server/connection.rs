//! One connection, from its acceptance to its end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::access::Access;
use super::broken_head;
use super::client::{Caller, TrustedProxies};
use super::delivery::{DeliveryStream, Outbox, TransportSlot};
use super::departure::DepartureNotice;
use super::drain::{Drain, UnreadBody};
use super::error::ApiError;
use super::head::{HEADERS_TIMEOUT, HeadAccount, HeadMeter, MAX_HEADERS};
use super::http2::Http2Connection;
use super::idle::IdleEntry;
use super::metrics::{self, CountedConnection};
use super::peer::Peer;
use super::places::ConnectionPlaces;
use super::record::RequestRecord;
use super::routes::Routes;
use super::shutdown::ShutdownState;
use super::socket::Socket;
use super::tls::{HandshakeFailure, ServerTls};
use super::transport::Transport;

/// How many bytes of a request's line and headers hyper reads before it gives up. It is more than the host's own
/// limit (`MAX_HEAD_BYTES` in `head.rs`), so that the host itself refuses requests that are slightly too large.
const MAX_BUFFERED_HEAD_BYTES: usize = 96 << 10;

/// What all connections of a listener have in common.
pub(super) struct Acceptor {
    pub(super) routes: Routes,
    pub(super) drain: Drain,
    pub(super) heads: HeadAccount,
    /// How long a client may read nothing of what is written.
    pub(super) write_timeout: Duration,
    /// Places for connections of HTTP/1.1, and for the requests of HTTP/2, each of which counts like one.
    pub(super) places: ConnectionPlaces,
    pub(super) proxies: TrustedProxies,
    /// `None` for connections without TLS.
    pub(super) tls: Option<ServerTls>,
    pub(super) shutdown: ShutdownState,
}

impl Acceptor {
    /// Answers one connection to its end. If the client goes away, its request ends: the handler is dropped, and with it
    /// the request's place among those waiting for the page. The notice tells when the connection has to end.
    pub(super) fn serve(
        &self,
        stream: TcpStream,
        mut departure: DepartureNotice,
    ) -> impl Future<Output = ()> + Send + use<> {
        let idle = self.places.idle_entry();
        let address = stream.peer_addr().ok().map(|peer| peer.ip());
        let connection = ClientConnection {
            caller: Caller::new(address, self.proxies.clone()),
            stream: Arc::new(stream),
            head: Arc::new(HeadMeter::new(self.heads.clone())),
            heads: self.heads.clone(),
            routes: self.routes.clone(),
            drain: self.drain.clone(),
            write_timeout: self.write_timeout,
            places: self.places.clone(),
            shutdown: self.shutdown.clone(),
        };
        let tls = self.tls.clone();
        async move {
            // Small answers must not wait for more data. A failure is not a reason to refuse the client.
            let _ = connection.stream.set_nodelay(true);
            let served = async {
                if let Some(transport) = connection.open(tls, &idle, &mut departure).await {
                    let departure = Arc::new(departure);
                    connection.answer(transport, idle.clone(), &departure).await;
                }
            };
            tokio::select! {
                () = served => {}
                // Whatever its client does: reads nothing, or never ends what it sends.
                () = idle.given_up() => tracing::debug!("closed a connection without a place"),
            }
        }
    }
}

/// A connection that has been accepted.
struct ClientConnection {
    stream: Arc<TcpStream>,
    /// Where the requests come from.
    caller: Caller,
    head: Arc<HeadMeter>,
    heads: HeadAccount,
    routes: Routes,
    drain: Drain,
    write_timeout: Duration,
    places: ConnectionPlaces,
    shutdown: ShutdownState,
}

impl ClientConnection {
    /// Shakes hands if the connection has TLS. `None` if it has ended.
    async fn open(
        &self,
        tls: Option<ServerTls>,
        idle: &IdleEntry,
        departure: &mut DepartureNotice,
    ) -> Option<Transport> {
        let socket = Socket::new(self.stream.clone(), self.write_timeout, self.head.clone());
        let Some(tls) = tls else {
            return Some(Transport::Plain(socket));
        };
        let _counted = CountedConnection::new(metrics::HANDSHAKE);
        let accepted = tokio::select! {
            accepted = tls.accept(socket, departure) => accepted,
            // Without a handshake there is no request that could be lost.
            () = idle.dismissed() => return None,
        };
        match accepted {
            Ok(stream) => {
                departure.begin();
                self.head.restart();
                Some(Transport::Tls(stream))
            }
            Err(HandshakeFailure::Ended) => None,
            Err(HandshakeFailure::Plain(socket)) => {
                let mut transport = Transport::Plain(socket);
                let (fault, within) = (ApiError::NotEncrypted, self.write_timeout);
                let record = RequestRecord::of_no_request(&self.caller, Outbox::default());
                broken_head::answer(&mut transport, fault, record, within).await;
                self.discard_rest(departure).await;
                None
            }
        }
    }

    /// Answers the requests of the connection, in the version of HTTP that its handshake chose.
    async fn answer(
        self,
        transport: Transport,
        idle: Arc<IdleEntry>,
        departure: &Arc<DepartureNotice>,
    ) {
        if transport.is_http2() {
            let _counted = CountedConnection::new(metrics::HTTP2);
            self.answer_http2(transport, idle, departure).await;
        } else {
            let _counted = CountedConnection::new(metrics::HTTP1);
            self.answer_http1(transport, idle, departure).await;
        }
    }

    async fn answer_http2(
        self,
        transport: Transport,
        idle: Arc<IdleEntry>,
        departure: &Arc<DepartureNotice>,
    ) {
        let left = TransportSlot::default();
        let peer = self.peer();
        // What is read belongs to many requests, whose heads are charged on their own.
        let _charged_elsewhere = self.head.answering(0);
        let connection = Http2Connection {
            routes: self.routes,
            heads: self.heads,
            peer,
            caller: self.caller,
            write_timeout: self.write_timeout,
            places: self.places,
            departure: departure.clone(),
            shutdown: self.shutdown,
        };
        connection.answer(transport, left.clone(), idle).await;
        if let Some(transport) = left.take() {
            end(transport, self.write_timeout).await;
        }
    }

    async fn answer_http1(
        self,
        transport: Transport,
        idle: Arc<IdleEntry>,
        departure: &Arc<DepartureNotice>,
    ) {
        let (outbox, unread) = (Outbox::default(), UnreadBody::default());
        let access = Arc::new(Access {
            routes: self.routes.clone(),
            peer: self.peer(),
            caller: self.caller.clone(),
            outbox: outbox.clone(),
            head: self.head.clone(),
            place: self.places.place(&idle),
            unread: unread.clone(),
            departure: departure.clone(),
            shutdown: self.shutdown.clone(),
        });
        let answer = move |request| {
            let access = access.clone();
            async move { access.answer(request).await }
        };
        let left = TransportSlot::default();
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_TIMEOUT)
            .max_buf_size(MAX_BUFFERED_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(
                DeliveryStream::new(transport, left.clone(), outbox.clone()),
                service_fn(answer),
            );
        let ended = {
            let mut connection = pin!(connection);
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = must_leave(&idle, departure) => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        ended = connection => ended,
                        () = departure.overdue(|| self.head.begun().filter(|_| outbox.is_empty())) => {
                            tracing::debug!("closed a connection whose request had only begun");
                            Ok(())
                        }
                    }
                }
            }
        };
        if let Err(error) = &ended {
            tracing::debug!(
                cause = crate::report::chain(error),
                "a connection ended early"
            );
        }
        let refused = ended.err().filter(hyper::Error::is_parse);
        if let Some(error) = &refused
            && let Some(mut transport) = left.take()
        {
            let record = RequestRecord::of_no_request(&self.caller, outbox);
            broken_head::refuse(&mut transport, error, record, self.write_timeout).await;
            end(transport, self.write_timeout).await;
        }
        if unread.is_left() || refused.is_some() {
            self.discard_rest(departure).await;
        }
    }

    /// Reads what the client still sends, as long as the host may wait for it.
    async fn discard_rest(&self, departure: &DepartureNotice) {
        let began = Instant::now();
        tokio::select! {
            () = self.drain.until_end(&self.stream) => {}
            () = departure.overdue(|| Some(began)) => {
                tracing::debug!("closed a connection whose client was still sending");
            }
        }
    }

    fn peer(&self) -> Option<Peer> {
        Peer::of(self.stream.clone())
            .inspect_err(|error| tracing::debug!(%error, "a connection can't be watched"))
            .ok()
    }
}

/// Waits until a connection has to end with the request that it has, or without one.
async fn must_leave(idle: &IdleEntry, departure: &DepartureNotice) {
    tokio::select! {
        () = departure.due() => {}
        () = idle.dismissed() => {}
    }
}

/// Ends a connection so that the client knows that it has everything: with TLS, the end is a message, too.
async fn end(mut transport: Transport, within: Duration) {
    // A client that is gone, or reads nothing, doesn't get it.
    let _ = tokio::time::timeout(within, transport.shutdown()).await;
}
