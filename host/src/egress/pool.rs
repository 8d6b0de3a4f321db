//! A connector's connections, and how they are made.

use std::sync::OnceLock;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::dial::Dialler;
use super::exchange::HttpClient;

/// How long an idle connection is kept for the next request: less than the minute after which most servers close.
const POOL_TIMEOUT: Duration = Duration::from_secs(30);

/// Idle connections to one origin.
const MAX_IDLE_PER_ORIGIN: usize = 8;

/// The longest head of a response, and the most headers in it.
const MAX_HEAD_BYTES: u32 = 256 << 10;
const MAX_RESPONSE_HEADERS: usize = 256;

/// The connections of one connector.
pub(super) struct Pool {
    dialler: Dialler,
    /// Made by the first request.
    client: OnceLock<HttpClient>,
}

impl Pool {
    /// No connections yet.
    pub(super) fn new(dialler: Dialler) -> Self {
        Self {
            dialler,
            client: OnceLock::new(),
        }
    }

    pub(super) fn client(&self) -> &HttpClient {
        self.client.get_or_init(|| {
            hyper_util::client::legacy::Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .timer(TokioTimer::new())
                .pool_idle_timeout(POOL_TIMEOUT)
                .pool_max_idle_per_host(MAX_IDLE_PER_ORIGIN)
                .http1_max_headers(MAX_RESPONSE_HEADERS)
                .http2_max_header_list_size(MAX_HEAD_BYTES)
                .build(self.dialler.clone())
        })
    }
}
