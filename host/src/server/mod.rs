//! HTTP: listening, routes, the bearer check, bodies, status codes, shutdown.
//!
//! This room has everything that a client sees of the host, except the content of pages. It does not know wasm or
//! files.
//!
//! Uses `pages`, and `connectors` for the names and keys.

mod access;
mod body;
mod broken_head;
mod delivery;
mod drain;
mod error;
mod extract;
mod head;
mod live;
mod metrics;
mod own_answer;
mod peer;
mod places;
mod probes;
mod record;
mod request_id;
mod response;
mod routes;
mod service;
mod socket;
mod uri;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::config::{ServerConfig, duration_text};
use crate::connectors::Connectors;
use crate::pages::Pages;
use access::Access;
use delivery::{DeliveryStream, Outbox};
use drain::{Drain, UnreadBody};
use head::{HeadAccount, HeadMeter, MAX_HEADERS};
pub use live::LiveSettings;
use peer::Peer;
use places::{ConnectionPlace, ConnectionPlaces};
use routes::{Routes, routes};
use service::Service;
use socket::Socket;

/// How long a client may take to send a request's headers. A client that has sent only part of them can delay the
/// host's shutdown for this long.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(10);

/// How many bytes of a request's line and headers hyper reads before it gives up. It is more than the host's own
/// limit (`MAX_HEAD_BYTES` in `head.rs`), so that the host itself refuses requests that are slightly too large.
const MAX_BUFFERED_HEAD_BYTES: usize = 96 << 10;

/// How long accepting pauses after an error such as too many open files, which the next attempt would repeat.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The server's own settings.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// The host's keys, each of which opens every connector that has no keys of its own, and the bounds of bodies. If
    /// there are no keys, such connectors are open.
    pub live: LiveSettings,
    /// The largest request body in bytes, before and after decompression, that is read to its end after a refusal.
    pub max_body_bytes: u64,
    /// How long a client may read nothing of what is sent to it before it is cut off.
    pub write_timeout: Duration,
    /// How long running requests may continue after the shutdown began.
    pub grace: Duration,
    /// How many connections may hold a page at once. A few more are accepted, for probes and for requests that wait.
    pub max_connections: usize,
}

impl ServerSettings {
    /// The settings in `config`, with at most `max_connections`.
    #[must_use]
    pub fn new(config: &ServerConfig, max_connections: usize) -> Self {
        Self {
            live: LiveSettings::new(&config.api_keys, config.max_body_bytes, config.body_timeout),
            max_body_bytes: config.max_body_bytes,
            write_timeout: config.write_timeout,
            grace: config.grace,
            max_connections,
        }
    }
}

/// A listening socket that does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens on `address`; port 0 takes any free port. Connections are answered once [`Server::run`] is awaited.
    ///
    /// # Errors
    ///
    /// Any error of the system: the port is in use, not permitted, or the address does not exist.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address that the server listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `shutdown` is ready. Then it stops listening, answers requests that wait for a page at
    /// once, and lets the running calls end, for at most `grace`. Whatever is left by then is cut off.
    pub async fn run(
        self,
        connectors: Arc<Connectors>,
        pages: Pages,
        settings: ServerSettings,
        shutdown: impl Future<Output = ()>,
    ) {
        let grace = settings.grace;
        let places = ConnectionPlaces::new(settings.max_connections);
        let write_timeout = settings.write_timeout;
        let heads = HeadAccount::new(connectors.host_account());
        let service = Arc::new(Service {
            connectors,
            pages,
            live: settings.live.clone(),
        });
        let routes = routes(service.clone());
        let drain = Drain {
            max_bytes: settings.max_body_bytes,
            account: service.connectors.host_account().clone(),
        };
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                accepted = self.listener.accept(), if places.accept(connections.len()) => match accepted {
                    Ok((stream, _)) => {
                        let head = Arc::new(HeadMeter::new(heads.clone()));
                        let socket = Socket::new(Arc::new(stream), write_timeout, head.clone());
                        let place = places.place();
                        connections.spawn(serve(socket, head, place, routes.clone(), drain.clone(), &graceful));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "could not accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                // Removes ended connections, so that the set doesn't grow.
                Some(_) = connections.join_next() => {}
            }
        }
        drop(self.listener);
        tracing::info!(grace = duration_text(grace), "shutting down");
        let until = Instant::now() + grace;
        service.pages.close();
        if tokio::time::timeout_at(until, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!(
                grace = duration_text(grace),
                "cutting off requests that are still running"
            );
        }
        let cut_off = service.pages.drain(until).await;
        if cut_off > 0 {
            tracing::info!(
                calls = cut_off,
                "cut off calls that were only sleeping or exceeded the grace period"
            );
        }
        connections.shutdown().await;
    }
}

/// Answers one connection to its end. If the client goes away, its request ends: the handler is dropped, and with it
/// the request's place among those waiting for the page.
fn serve(
    socket: Socket,
    head: Arc<HeadMeter>,
    place: ConnectionPlace,
    routes: Routes,
    drain: Drain,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + use<> {
    let stream = socket.stream().clone();
    let write_timeout = socket.write_timeout();
    let unread = UnreadBody::default();
    // Small answers must not wait for more data. A failure is not a reason to refuse the client.
    let _ = stream.set_nodelay(true);
    let peer = Peer::of(stream.clone())
        .inspect_err(|error| tracing::debug!(%error, "a connection can't be watched"));
    let is_local = stream
        .peer_addr()
        .is_ok_and(|peer| peer.ip().to_canonical().is_loopback());
    let outbox = Outbox::default();
    let access = Arc::new(Access {
        routes,
        peer: peer.ok(),
        is_local,
        outbox: outbox.clone(),
        head,
        place,
        unread: unread.clone(),
    });
    let answer = move |request| {
        let access = access.clone();
        async move { access.answer(request).await }
    };
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIMEOUT)
        .max_buf_size(MAX_BUFFERED_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(
            DeliveryStream::new(socket, outbox.clone()),
            service_fn(answer),
        );
    let connection = graceful.watch(connection);
    async move {
        let ended = connection.await;
        if let Err(error) = &ended {
            tracing::debug!(
                cause = crate::report::chain(error),
                "a connection ended early"
            );
        }
        let refused = ended.err().filter(hyper::Error::is_parse);
        if let Some(error) = &refused {
            broken_head::refuse(&stream, error, outbox, write_timeout).await;
        }
        if unread.is_left() || refused.is_some() {
            drain.until_end(&stream).await;
        }
    }
}
