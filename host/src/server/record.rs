//! What is known about a request while it is answered, for its log line, its metrics and its errors.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use http::{HeaderMap, Request};

use super::client::Caller;
use super::delivery::Outbox;
use super::head::head_bytes;
use super::metrics::{RequestOutcome, TargetLabels};
use super::request_id;
use crate::access_check::{is_forwarded, names_this_machine};
use crate::scope::Deadline;
use crate::traces::RequestSpan;

/// One request, from its arrival to its answer. Extractors and handlers find it among the request's extensions and
/// add what they learn.
pub(super) struct RequestRecord {
    pub(super) id: String,
    pub(super) began: Instant,
    /// The size of the target and the headers in bytes.
    pub(super) head_bytes: usize,
    /// The address of the client that sent it, for the log. `None` if the client is gone already.
    pub(super) client: Option<IpAddr>,
    /// Whether its connection comes from this machine, and perhaps from a proxy here.
    pub(super) is_local: bool,
    /// Whether its connection is the client's own rather than a trusted proxy's.
    pub(super) is_direct: bool,
    /// Whether a platform passes it on, from anywhere, rather than a connection to one of this machine's addresses.
    pub(super) is_passed_on: bool,
    /// Where the receipts of its connection's answers go.
    pub(super) outbox: Outbox,
    /// When the answer must be ready; `None` if only the connector's own limits say that.
    pub(super) deadline: Option<Deadline>,
    target: OnceLock<RequestTarget>,
    outcome: OnceLock<RequestOutcome>,
    span: OnceLock<RequestSpan>,
    shows_reasons: AtomicBool,
    is_probe: AtomicBool,
}

/// What a request is for.
#[derive(Debug, Clone)]
pub(super) struct RequestTarget {
    /// The connector's name as in the path, for the log and for errors, cut to the length that is logged.
    pub(super) name: Option<String>,
    pub(super) labels: TargetLabels,
}

impl RequestRecord {
    /// Creates the record of a request that has just arrived.
    pub(super) fn begin<B>(request: &Request<B>, caller: &Caller, outbox: Outbox) -> Arc<Self> {
        Arc::new(Self {
            head_bytes: head_bytes(request),
            client: caller.client(request.headers()),
            is_local: caller.is_local(),
            is_direct: caller.is_client(),
            ..Self::without_head(outbox)
        })
    }

    /// Creates the record of a request whose head could not be parsed. Its client is the connection's other end.
    pub(super) fn of_no_request(caller: &Caller, outbox: Outbox) -> Self {
        Self {
            client: caller.peer(),
            is_direct: caller.is_client(),
            ..Self::without_head(outbox)
        }
    }

    /// Creates the record of a request that came without a connection, with its id and its client's address. A platform
    /// passes it on.
    pub(super) fn direct<B>(
        request: &Request<B>,
        (id, client): (String, Option<IpAddr>),
        deadline: Deadline,
        outbox: Outbox,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            head_bytes: head_bytes(request),
            client,
            is_direct: false,
            is_passed_on: true,
            deadline: Some(deadline),
            ..Self::without_head(outbox)
        })
    }

    fn without_head(outbox: Outbox) -> Self {
        Self {
            id: request_id::new(),
            began: Instant::now(),
            head_bytes: 0,
            client: None,
            is_local: false,
            is_direct: true,
            is_passed_on: false,
            outbox,
            deadline: None,
            target: OnceLock::new(),
            outcome: OnceLock::new(),
            span: OnceLock::new(),
            shows_reasons: AtomicBool::new(false),
            is_probe: AtomicBool::new(false),
        }
    }

    /// Records what the request is for. This happens once.
    pub(super) fn aim(&self, target: RequestTarget) {
        // Only the first value counts, and no other is ever set.
        let _ = self.target.set(target);
    }

    /// Records the outcome of a request that did not fail.
    pub(super) fn succeed(&self, outcome: RequestOutcome) {
        let _ = self.outcome.set(outcome);
    }

    /// Records the request's span. This happens once, if the trace is recorded.
    pub(super) fn trace(&self, span: RequestSpan) {
        let _ = self.span.set(span);
    }

    /// The request's span; `None` if its trace is not recorded.
    pub(super) fn span(&self) -> Option<&RequestSpan> {
        self.span.get()
    }

    /// Whether the client is on this machine itself rather than behind a proxy here, as far as a request can show.
    pub(super) fn is_of_this_machine(&self, headers: &HeaderMap) -> bool {
        self.is_local && self.is_direct && names_this_machine(headers) && !is_forwarded(headers)
    }

    /// Sets whether the client may know why a connector failed to load: it is the connector's author or the operator.
    pub(super) fn show_reasons(&self, shows: bool) {
        self.shows_reasons.store(shows, Ordering::Relaxed);
    }

    /// Whether the client may know why a connector failed to load.
    pub(super) fn shows_reasons(&self) -> bool {
        self.shows_reasons.load(Ordering::Relaxed)
    }

    /// Marks the request as a probe that was answered: it is neither logged nor counted.
    pub(super) fn note_probe(&self) {
        self.is_probe.store(true, Ordering::Relaxed);
    }

    /// Whether the request was a probe.
    pub(super) fn is_probe(&self) -> bool {
        self.is_probe.load(Ordering::Relaxed)
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.target.get()?.name.as_deref()
    }

    pub(super) fn labels(&self) -> TargetLabels {
        let labels = self.target.get().map(|target| target.labels.clone());
        labels.unwrap_or_default()
    }

    pub(super) fn outcome(&self) -> Option<&RequestOutcome> {
        self.outcome.get()
    }
}
