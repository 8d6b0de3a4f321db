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
mod listener;
mod log_level;
mod refusal;
mod routes;
mod socket_file;
mod stalled_stream;

use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::access_check::AccessKeys;
use crate::config::{AdminAddress, Secret};
use crate::connectors::{Connectors, ReloadHandle};
use crate::pages::CallMonitor;
use crate::report;
pub use client::{AdminClient, AdminClientError};
pub use error::AdminError;
use listener::AdminListener;
pub use log_level::{LogControl, LogLevel};
use routes::AdminService;
use stalled_stream::StalledStream;

/// How many connections are answered at once; further ones wait until one is closed.
const MAX_CONNECTIONS: usize = 64;

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
    /// The keys that requests must send; empty to require none.
    pub keys: Vec<Secret>,
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
            keys: AccessKeys::new(&parts.keys),
        });
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            // The semaphore is never closed.
            let Ok(place) = places.clone().acquire_owned().await else {
                return;
            };
            while connections.try_join_next().is_some() {}
            match self.listener.accept().await {
                Ok(stream) => {
                    let service = service.clone();
                    connections.spawn(async move {
                        serve(StalledStream::new(stream), service).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the admin listener could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn serve(stream: StalledStream, service: Arc<AdminService>) {
    let is_of_a_browser = stream.is_of_the_network();
    let answer = move |request| {
        let service = service.clone();
        async move {
            let answer = service.answer(request, is_of_a_browser).await;
            Ok::<_, std::convert::Infallible>(answer)
        }
    };
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    if let Err(error) = connection.await {
        tracing::debug!(
            cause = report::chain(&error),
            "a connection to the admin listener ended early"
        );
    }
}
