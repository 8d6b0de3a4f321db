//! The parts common to all requests: the id, the line in the log, the metrics, and the reasons to end early.
//!
//! One layer of our own instead of tower-http's: the log line and the metrics are also needed for a client that goes
//! away, and they depend on the request's outcome. Errors carry the id, which must not be one that a client made up.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Request, Version, header};
use hyper::body::Incoming;
use tower_service::Service as _;
use tracing::Instrument;

use super::client::Caller;
use super::delivery::Outbox;
use super::departure::DepartureNotice;
use super::drain::UnreadBody;
use super::error::ApiError;
use super::head::HeadMeter;
use super::metrics::{self, RequestOutcome};
use super::peer::Peer;
use super::places::ConnectionPlace;
use super::record::RequestRecord;
use super::routes::Routes;
use super::shutdown::ShutdownState;
use super::{request_id, request_trace, uri};
use crate::report;
use crate::traces::{LoggedSpan, method_name};

/// How many bytes of a request's path are written to the log.
const MAX_LOGGED_PATH_BYTES: usize = 200;

/// One connection: answers its requests one after the other.
pub(super) struct Access {
    pub(super) routes: Routes,
    /// The client's end. `None` if it can't be watched.
    pub(super) peer: Option<Peer>,
    /// Where the requests come from.
    pub(super) caller: Caller,
    pub(super) outbox: Outbox,
    pub(super) head: Arc<HeadMeter>,
    pub(super) place: ConnectionPlace,
    pub(super) unread: UnreadBody,
    /// When its requests may no longer wait.
    pub(super) departure: Arc<DepartureNotice>,
    pub(super) shutdown: ShutdownState,
}

impl Access {
    /// Answers one request and writes its line to the log.
    ///
    /// # Errors
    ///
    /// None: the error type is [`Infallible`].
    pub(super) async fn answer(
        &self,
        mut request: Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let record = RequestRecord::begin(&request, &self.caller, self.outbox.clone());
        let version = request.version();
        let answered = self.head.answering(record.head_bytes);
        request.extensions_mut().insert(self.place.clone());
        let route = |request| self.route(request);
        let mut response =
            answer_recorded(&record, &self.departure, request, route, self.gone()).await;
        // During a shutdown, the client's next request goes to another host, or to this one's successor. While no place is
        // free, others may wait for this one.
        let is_last =
            self.place.are_all_taken() || self.place.is_wanted() || self.shutdown.has_begun();
        if is_last && version < Version::HTTP_2 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        // A stream of HTTP/2 has a meter of its own.
        if version < Version::HTTP_2 {
            response = response.map(|body| answered.until_end_of(body));
        }
        Ok(response)
    }

    /// Calls the handler. It takes a place once it knows that the request may have one.
    async fn route(&self, request: Request<Incoming>) -> Result<Response, Arc<ApiError>> {
        let request = request.map(|body| self.unread.watch(body));
        call(&self.routes, request).await
    }

    async fn gone(&self) {
        match &self.peer {
            Some(peer) => peer.gone().await,
            None => std::future::pending().await,
        }
    }
}

/// Calls the handler of a request.
pub(super) async fn call<B>(routes: &Routes, request: Request<B>) -> Result<Response, Arc<ApiError>>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    let Ok(mut response) = routes.clone().call(request).await;
    match response.extensions_mut().remove::<Arc<ApiError>>() {
        None => Ok(response.map(Body::new)),
        Some(error) => Err(error),
    }
}

/// Answers a request that has its record, with its line in the log and its metrics. `route` calls the handler; if `gone` is
/// ready first, the client has disconnected.
pub(super) async fn answer_recorded<B, F>(
    record: &Arc<RequestRecord>,
    departure: &Arc<DepartureNotice>,
    mut request: Request<B>,
    route: impl FnOnce(Request<B>) -> F,
    gone: impl Future<Output = ()>,
) -> Response
where
    F: Future<Output = Result<Response, Arc<ApiError>>>,
{
    uri::normalize(&mut request);
    request.extensions_mut().insert(record.clone());
    request.extensions_mut().insert(departure.clone());
    let span = tracing::info_span!(
        "request",
        request_id = record.id,
        client = record.client.map(tracing::field::display),
        connector = tracing::field::Empty,
        table = tracing::field::Empty,
        trace_id = tracing::field::Empty,
        span_id = tracing::field::Empty,
        trace_sampled = tracing::field::Empty,
        http_method = method_name(request.method().as_str()),
        http_path = report::shortened(request.uri().path(), MAX_LOGGED_PATH_BYTES),
    );
    if let Some(client) = LoggedSpan::of_client(request.headers()) {
        client.record_in(&span);
    }
    let open = OpenRequest {
        span: span.clone(),
        record: record.clone(),
        is_closed: false,
    };
    let answering = route(request).instrument(span.clone());
    let answer = tokio::select! {
        answer = answering => answer,
        () = gone => Err(Arc::new(ApiError::ClientGone)),
    };
    open.close();
    let _entered = span.enter();
    let failure = answer.as_ref().err().map(|error| error.outcome());
    let mut response = match answer {
        Ok(response) => {
            if !record.is_probe() {
                let outcome = record.outcome().cloned().unwrap_or_default();
                metrics::record(&record.labels(), &outcome, record.began.elapsed());
            }
            response
        }
        Err(error) => {
            let outcome = RequestOutcome::without_answer(error.outcome());
            metrics::record(&record.labels(), &outcome, record.began.elapsed());
            error.answer(record)
        }
    };
    request_trace::end(record, response.status(), failure);
    if let Ok(id) = HeaderValue::try_from(&record.id) {
        response.headers_mut().insert(request_id::HEADER, id);
    }
    response
}

/// A request without its answer yet. If it is dropped because the client goes away, it leaves a line in the log.
struct OpenRequest {
    span: tracing::Span,
    record: Arc<RequestRecord>,
    is_closed: bool,
}

impl OpenRequest {
    fn close(mut self) {
        self.is_closed = true;
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        if self.is_closed {
            return;
        }
        let _entered = self.span.enter();
        let took = self.record.began.elapsed();
        let took_ms = report::milliseconds(took);
        tracing::info!(took_ms, "{}", ApiError::ClientGone);
        let outcome = RequestOutcome::without_answer(ApiError::ClientGone.outcome());
        metrics::record(&self.record.labels(), &outcome, took);
        request_trace::abandon(&self.record, ApiError::ClientGone.outcome());
    }
}
