//! HTTP: listening, routes, the bearer check, bodies, status codes, shutdown.
//!
//! This room has everything that a client sees of the host, except the content of pages. It does not know wasm or
//! files.
//!
//! Uses `pages`, and `connectors` for the names and keys.

mod accepted;
mod access;
mod body;
mod broken_head;
mod compression;
mod connection;
mod delivery;
mod drain;
mod error;
mod extract;
mod head;
mod http2;
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
mod tls;
mod transport;
mod uri;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::certificates::ServedCertificate;
use crate::config::{ServerConfig, duration_text};
use crate::connectors::Connectors;
use crate::pages::Pages;
use connection::Acceptor;
use drain::Drain;
use head::HeadAccount;
pub use live::LiveSettings;
use places::ConnectionPlaces;
use routes::routes;
use service::Service;
use tls::ServerTls;

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
    /// Whether answers are compressed for clients that accept it.
    pub compression: bool,
    /// The certificate with which the server speaks TLS. `None` for HTTP without TLS.
    pub certificate: Option<Arc<ServedCertificate>>,
}

impl ServerSettings {
    /// The settings in `config`, with at most `max_connections` and without TLS.
    #[must_use]
    pub fn new(config: &ServerConfig, max_connections: usize) -> Self {
        Self {
            live: LiveSettings::new(&config.api_keys, config.max_body_bytes, config.body_timeout),
            max_body_bytes: config.max_body_bytes,
            write_timeout: config.write_timeout,
            grace: config.grace,
            max_connections,
            compression: config.compression,
            certificate: None,
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
        let heads = HeadAccount::new(connectors.host_account());
        let service = Arc::new(Service {
            connectors,
            pages,
            live: settings.live.clone(),
            compression: settings.compression,
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
            tls: settings.certificate.as_ref().map(ServerTls::new),
        };
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                accepted = self.listener.accept(), if places.accept(connections.len()) => match accepted {
                    Ok((stream, _)) => {
                        let place = places.place();
                        connections.spawn(acceptor.serve(stream, place, graceful.watcher()));
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
