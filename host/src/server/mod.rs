//! HTTP: listening, routes, the bearer check, bodies, status codes, shutdown.
//!
//! This room has everything that a client sees of the host, except the content of pages. It does not know wasm or
//! files.
//!
//! Uses `pages`, and `connectors` for the names and keys.

mod accepted;
mod access;
mod answer_limit;
mod body;
mod broken_head;
mod client;
mod compression;
mod connection;
mod connections;
mod delivery;
mod departure;
mod direct;
mod drain;
mod error;
mod extract;
mod forwarded;
mod hand_over;
mod head;
mod http2;
mod idle;
mod live;
mod metrics;
mod own_answer;
mod peer;
mod places;
mod probes;
mod record;
mod request_id;
mod request_trace;
mod response;
mod routes;
mod service;
mod shutdown;
mod socket;
mod stall;
mod tls;
mod transport;
mod unjudged_waits;
mod uri;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::attempts::{UnjudgedKeys, WrongKeys};
use crate::certificates::ServedCertificate;
use crate::config::ServerConfig;
use crate::connectors::Connectors;
use crate::pages::Pages;
use crate::report;
use crate::traces::Tracer;
pub(crate) use answer_limit::AnswerTooLarge;
use client::TrustedProxies;
use connection::Acceptor;
use connections::Connections;
pub(crate) use direct::{DirectRequest, DirectServer, Lateness};
use drain::Drain;
pub(crate) use forwarded::last_forwarded_for;
use hand_over::{cancel_unwatched, hand_over};
use head::HeadAccount;
pub use live::{LiveSettings, StopTimes};
use metrics::CountedConnection;
use places::ConnectionPlaces;
use request_trace::RequestTracer;
use routes::routes;
use service::Service;
use shutdown::ShutdownState;
pub use shutdown::{Shutdown, Successor};
use tls::ServerTls;
use unjudged_waits::UnjudgedWaits;

/// The server's own settings.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// The host's keys, each of which opens every connector that has no keys of its own, the bounds of bodies, and the times
    /// of the shutdown. If there are no keys, such connectors are open.
    pub live: LiveSettings,
    /// The networks of the proxies whose word about a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest request body in bytes, before and after decompression, that is read to its end after a refusal.
    pub max_body_bytes: u64,
    /// How long a client may read nothing of what is sent to it before it is cut off.
    pub write_timeout: Duration,
    /// How many connections may hold a page at once. A few more are accepted, for probes and for requests that wait.
    pub max_connections: usize,
    /// Whether answers are compressed for clients that accept it.
    pub compression: bool,
    /// The certificate with which the server speaks TLS. `None` for HTTP without TLS.
    pub certificate: Option<Arc<ServedCertificate>>,
    /// Records the traces of requests; `None` if none are recorded.
    pub tracer: Option<Arc<Tracer>>,
}

impl ServerSettings {
    /// The settings in `config`, with at most `max_connections` and without TLS.
    #[must_use]
    pub fn new(config: &ServerConfig, max_connections: usize) -> Self {
        Self {
            live: LiveSettings::new(config),
            trusted_proxies: config.trusted_proxies.clone(),
            max_body_bytes: config.max_body_bytes,
            write_timeout: config.write_timeout,
            max_connections,
            compression: config.compression,
            certificate: None,
            tracer: None,
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

    /// A server that accepts the connections of this socket, which listens already.
    ///
    /// # Errors
    ///
    /// Any error of the system.
    pub fn of(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Answers requests until `shutdown` is ready, then ends as it says:
    ///
    /// 1. Calls that no request waits for are canceled. Until the drain is over, requests that wait for a page
    ///    continue to wait, and each connection is closed after its next answer, or as soon as its client agrees (HTTP/2).
    ///    New requests are refused, or served if somebody takes over the port.
    /// 2. If somebody takes over the port, requests are served until all clients can receive their answers within a moment.
    /// 3. Then the port is closed and no request waits for a page any longer: it gets a pending answer. The calls for
    ///    pages end. Calls for schemas that a request waits for continue.
    /// 4. At the end of the grace, which begins with the shutdown, whatever is left is cut off.
    ///
    /// Returns when the grace ends.
    pub async fn run(
        self,
        connectors: Arc<Connectors>,
        pages: Pages,
        settings: ServerSettings,
        shutdown: impl Future<Output = Shutdown>,
    ) -> Instant {
        let places = ConnectionPlaces::new(settings.max_connections);
        let heads = HeadAccount::new(connectors.host_account());
        let state = ShutdownState::default();
        let service = Arc::new(Service {
            connectors,
            pages,
            live: settings.live.clone(),
            compression: settings.compression,
            shutdown: state.clone(),
            wrong_keys: WrongKeys::new(),
            unjudged_keys: UnjudgedKeys::new(),
            unjudged_waits: UnjudgedWaits::new(),
            tracer: settings.tracer.map(|tracer| RequestTracer {
                tracer,
                scheme: match settings.certificate {
                    Some(_) => "https",
                    None => "http",
                },
            }),
        });
        let acceptor = Acceptor {
            routes: routes(service.clone()),
            drain: Drain {
                max_bytes: settings.max_body_bytes,
                account: service.connectors.host_account().clone(),
            },
            heads,
            write_timeout: settings.write_timeout,
            places: places.clone(),
            proxies: TrustedProxies::new(&settings.trusted_proxies),
            tls: settings.certificate.as_ref().map(ServerTls::new),
            shutdown: state.clone(),
        };
        CountedConnection::begin_counting();
        let serve = |stream, notice| acceptor.serve(stream, notice);
        let mut connections = Connections::new(self.listener, places, serve);
        let shutdown = tokio::select! {
            shutdown = shutdown => shutdown,
            never = connections.accept() => match never {},
        };
        let (began, grace) = (Instant::now(), settings.live.stop_times().grace);
        let until = began + grace;
        let shutdown = shutdown.within(grace);
        service.connectors.readiness().drain();
        state.begin(shutdown.successor);
        connections.announce_departure();
        shutdown.log(grace);
        tokio::select! {
            () = tokio::time::sleep(shutdown.drain) => {}
            never = connections.accept() => match never {},
            never = cancel_unwatched(&service.pages, shutdown.successor) => match never {},
        }
        match shutdown.successor {
            Successor::None => connections.accept_queued(),
            Successor::Later => hand_over(&mut connections, &service.pages, until).await,
        }
        service.pages.close();
        let (in_time, ended) = tokio::join!(connections.close(until), service.pages.drain(until));
        if !in_time {
            tracing::warn!(
                grace_ms = report::milliseconds(grace),
                "cut off requests that were still running"
            );
        }
        if ended > 0 {
            tracing::info!(calls = ended, "ended calls that nobody waits for any more");
        }
        until
    }
}
