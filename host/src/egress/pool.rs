//! A connector's connections, and how they are made.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::dial::Dialler;
use super::exchange::HttpClient;
use super::heads::{MAX_HEAD_BYTES, MAX_RESPONSE_HEADERS};
use super::liveness::IdleCheck;
use super::policy::CurrentPolicy;
use crate::config::Policy;
use crate::lock::Mutex;

/// How long an idle connection is kept for the next request: less than the minute after which most servers close it.
const POOL_TIMEOUT: Duration = Duration::from_secs(30);

/// Idle connections to one origin.
const MAX_IDLE_PER_ORIGIN: usize = 8;

/// How much HTTP/2 may send before it is read, for one response and for all on a connection, and how much of a
/// request may wait. With the head this is at most [`super::memory::EXCHANGE_BYTES`] for each exchange. So is twice a
/// head, for the buffers of HTTP/1.
const STREAM_WINDOW_BYTES: u32 = 384 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
const MAX_SEND_BYTES: usize = 64 << 10;

/// The connections of one connector.
pub(super) struct Pool {
    dialler: Dialler,
    /// Whether the names of headers are written in title case on HTTP/1.
    title_case: bool,
    policy: CurrentPolicy,
    /// Created by the first request, and again when the operator's policy permits other networks: it must not use a
    /// connection that could not be made any more.
    client: Mutex<Option<(Arc<Policy>, HttpClient)>>,
}

impl Pool {
    /// No connections yet.
    pub(super) fn new(dialler: Dialler, policy: CurrentPolicy, title_case: bool) -> Self {
        Self {
            dialler,
            title_case,
            policy,
            client: Mutex::default(),
        }
    }

    /// While the returned guard exists, no request uses an idle connection that is closed, or may be closed by the
    /// time the request arrives.
    pub(super) fn check_idle(&self) -> IdleCheck {
        self.dialler.idle_checks().begin()
    }

    /// How many connections are open, in use or not.
    pub(super) fn open_connections(&self) -> usize {
        self.dialler.open_connections()
    }

    pub(super) fn client(&self) -> HttpClient {
        let policy = self.policy.get();
        let mut client = self.client.lock();
        match &*client {
            Some((of, client)) if Arc::ptr_eq(of, &policy) || of.networks == policy.networks => {
                client.clone()
            }
            _ => client.insert((policy, self.new_client())).1.clone(),
        }
    }

    fn new_client(&self) -> HttpClient {
        hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(POOL_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_PER_ORIGIN)
            .http1_max_headers(MAX_RESPONSE_HEADERS)
            // As in browsers; `heads` reports the headers that this leaves out.
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_title_case_headers(self.title_case)
            .http1_max_buf_size(MAX_HEAD_BYTES as usize)
            .http2_max_header_list_size(MAX_HEAD_BYTES)
            .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
            .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .http2_max_send_buf_size(MAX_SEND_BYTES)
            .build(self.dialler.clone())
    }
}
