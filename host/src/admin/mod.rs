//! The admin listener: probes, metrics, the list of connectors, reloads, and the log's level, for the operator.
//!
//! It has its own connections and answers from facts that are at hand. So it works when the public listener is full,
//! when all sandboxes are in use, and while the host shuts down. It makes no pages.
//!
//! Uses `pages` for the running calls, and `connectors`.

mod answer;
mod client;
mod connector_list;
mod error;
mod keys;
mod listener;
mod log_level;
mod places;
mod refusal;
mod route;
mod routes;
mod settings;
mod socket_file;
mod stalled_stream;

use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use crate::attempts::WrongKeys;
use crate::config::AdminAddress;
use crate::connectors::{Connectors, ReloadHandle};
use crate::pages::CallMonitor;
use crate::report;
pub use client::{AdminClient, AdminClientError};
pub use error::AdminError;
pub use keys::AdminKeys;
use listener::{AdminConnection, AdminListener};
pub use log_level::{LogControl, LogLevel};
use places::{AdminPlace, AdminPlaces};
use routes::AdminService;
pub use settings::{SettingsControl, SettingsSummary};
use stalled_stream::StalledStream;

/// How many connections may be open. For another one, the one that has been silent for the longest time is closed.
const MAX_CONNECTIONS: usize = 64;

/// How many answers that take long to make are made at once.
const MAX_LONG_ANSWERS: usize = 2;

/// How long a client may take to send a request's head, and how long a connection may be idle.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum size of a request's line and headers together.
const MAX_HEAD_BYTES: usize = 16 << 10;

/// How long accepting pauses after an error such as too many open files, which the next attempt would repeat.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The admin listener's socket, which does not answer yet.
#[derive(Debug)]
pub struct AdminServer {
    listener: AdminListener,
}

/// What the admin listener shows and controls.
pub struct AdminParts {
    /// The connectors that the host serves.
    pub connectors: Arc<Connectors>,
    /// Their running calls.
    pub calls: CallMonitor,
    /// Looks at the plugins folder.
    pub reload: ReloadHandle,
    /// The log's level; `None` if the log was set up elsewhere.
    pub log: Option<Arc<dyn LogControl>>,
    /// The metrics as text, in Prometheus' format; `None` if none are recorded.
    pub metrics: Option<MetricsText>,
    /// Reads the server's settings again; `None` if they were not read from anywhere.
    pub settings: Option<Arc<dyn SettingsControl>>,
    /// The keys that requests must send.
    pub keys: AdminKeys,
}

/// Writes the metrics as text.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

impl AdminServer {
    /// Listens on `address`. A socket that a dead process left behind is replaced.
    ///
    /// # Errors
    ///
    /// [`AdminError`]: the port or socket is in use, or the system refuses it.
    pub async fn bind(address: &AdminAddress) -> Result<Self, AdminError> {
        let listener = AdminListener::bind(address).await?;
        Ok(Self { listener })
    }

    /// The address that it listens on, with the port that the system chose.
    #[must_use]
    pub fn address(&self) -> AdminAddress {
        self.listener.address()
    }

    /// Answers requests until the future is dropped, which also removes the socket's file.
    pub async fn run(self, parts: AdminParts) {
        let service = Arc::new(AdminService {
            connectors: parts.connectors,
            calls: parts.calls,
            reload: parts.reload,
            log: parts.log,
            metrics: parts.metrics,
            settings: parts.settings,
            keys: parts.keys,
            wrong_keys: WrongKeys::new(),
            turns: Arc::new(Semaphore::new(MAX_LONG_ANSWERS)),
        });
        let places = AdminPlaces::new(MAX_CONNECTIONS);
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            match self.listener.accept().await {
                Ok(connection) => {
                    let (place, closed) = places.take().await;
                    connections.spawn(serve(connection, place, closed, service.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the admin listener could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Answers the requests of a connection, until it has to give way to another one.
async fn serve(
    connection: AdminConnection,
    place: AdminPlace,
    closed: oneshot::Receiver<()>,
    service: Arc<AdminService>,
) {
    let (origin, place) = (connection.origin, Arc::new(place));
    let stream = StalledStream::new(connection.stream, place.clone());
    let answer = move |request| {
        let (service, place) = (service.clone(), place.clone());
        async move {
            place.answer();
            let answer = service.answer(request, origin).await;
            place.wait();
            Ok::<_, std::convert::Infallible>(answer)
        }
    };
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    tokio::select! {
        ended = connection => {
            if let Err(error) = ended {
                tracing::debug!(
                    cause = report::chain(&error),
                    "a connection to the admin listener ended early"
                );
            }
        }
        _ = closed => {
            tracing::debug!("closed a silent connection to the admin listener for another one");
        }
    }
}
