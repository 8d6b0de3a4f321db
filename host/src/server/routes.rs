//! Which handler answers which path.

use std::any::Any;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get};
use axum::{Extension, Router};
use bytes::Bytes;
use http::request::Parts;
use tower_http::catch_panic::CatchPanic;
use weld_protocol::{PageRequest, RequestError};

use super::compression;
use super::departure::DepartureNotice;
use super::error::ApiError;
use super::extract::{
    Authorization, Callee, Encoding, MAX_LOGGED_NAME_BYTES, PlainBody, permit_nothing,
};
use super::metrics::RequestOutcome;
use super::probes;
use super::record::RequestRecord;
use super::response;
use super::service::Service;
use crate::account::{Bulk, Holding};
use crate::connectors::ConnectorError;
use crate::encoding::ContentEncoding;
use crate::report;
use crate::traces::AttributeValue;

/// How many copies of a request's state are held: as received, and without the host's mark.
const REQUEST_COPIES: u64 = 2;

/// The router. A panic in it is a fault of the host, but the client still gets an answer.
pub(super) type Routes = CatchPanic<Router, fn(Box<dyn Any + Send>) -> Response>;

/// All routes, for paths in their [normal form](super::uri::normalize).
pub(super) fn routes(service: Arc<Service>) -> Routes {
    let router = Router::new()
        .route("/", answered_by(get(page).post(page)))
        .route("/schema", answered_by(get(schema).post(schema)))
        .route("/schema/{*more}", any(nothing))
        .route(
            probes::ALIVE,
            get(probes::alive).fallback(probes::other_method),
        )
        .route(
            probes::READY,
            get(probes::ready).fallback(probes::other_method),
        )
        .route("/{connector}", answered_by(get(page).post(page)))
        .route("/{connector}/schema", answered_by(get(schema).post(schema)))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(nothing)
        .with_state(service);
    CatchPanic::custom(router, panicked as fn(Box<dyn Any + Send>) -> Response)
}

/// axum would answer HEAD like GET, which begins calls here.
fn answered_by(methods: MethodRouter<Arc<Service>>) -> MethodRouter<Arc<Service>> {
    methods.head(method_not_allowed)
}

async fn method_not_allowed(
    State(service): State<Arc<Service>>,
    parts: Parts,
    authorization: Authorization,
) -> ApiError {
    authorization.other_method(&service, &parts)
}

async fn nothing(State(service): State<Arc<Service>>, parts: Parts) -> ApiError {
    match permit_nothing(&service, &parts) {
        Ok(()) => ApiError::NotFound,
        Err(error) => error,
    }
}

fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    ApiError::Panicked.into_response()
}

/// The body is read although it is not used: otherwise the client would be cut off while sending.
async fn schema(
    State(service): State<Arc<Service>>,
    Extension(record): Extension<Arc<RequestRecord>>,
    Callee(connector): Callee,
    Encoding(accepted): Encoding,
    PlainBody(_): PlainBody,
) -> Result<Response, ApiError> {
    let schema = service
        .pages
        .schema(&connector, record.deadline, record.span())
        .await?;
    let bytes = schema.len();
    let mut texts = [Bytes::new(), schema, Bytes::new()];
    let encoding = compression::compress(&mut texts, accepted, &connector).await;
    tracing::info!(
        status = 200,
        bytes,
        encoding = encoding.map(ContentEncoding::label),
        took_ms = report::milliseconds(record.began.elapsed()),
        "schema"
    );
    record.succeed(RequestOutcome {
        outcome: "ready",
        bytes,
        ..RequestOutcome::default()
    });
    Ok(response::with_encoding(response::schema(texts), encoding))
}

impl Bulk for PageRequest {
    fn held_bytes(&self) -> usize {
        self.state.received().len() + self.state.guest().len()
    }
}

async fn page(
    State(service): State<Arc<Service>>,
    Extension(record): Extension<Arc<RequestRecord>>,
    Callee(connector): Callee,
    Encoding(accepted): Encoding,
    Extension(departure): Extension<Arc<DepartureNotice>>,
    PlainBody(mut body): PlainBody,
) -> Result<Response, ApiError> {
    let bytes = body.len();
    body.charge()
        .grow((bytes as u64).saturating_mul(REQUEST_COPIES))?;
    let parse = move || {
        let request = Arc::new(PageRequest::parse(&body)?);
        let kept = request.state.received().len() + request.table.len();
        let charge = body
            .charge()
            .split((kept as u64).saturating_mul(REQUEST_COPIES));
        Ok::<_, RequestError>((Holding::new(Some(request.clone()), charge), request))
    };
    let parsed = connector.work_aside(bytes, parse).await;
    // Dropping the last holder of the request releases its memory.
    let (_held, request) = parsed.map_err(ConnectorError::Call)??;
    let table = report::shortened(&request.table, MAX_LOGGED_NAME_BYTES);
    tracing::Span::current().record("table", &table);
    if let Some(span) = record.span() {
        span.change(|span| span.set("weld.table", AttributeValue::text(&table)));
    }
    let made = service.pages.page(
        &connector,
        &request,
        (departure.released(), record.deadline),
        record.span(),
    );
    let mut page = made.await?;
    let bytes = page.len();
    let encoding = compression::compress(&mut page.chunks, accepted, &connector).await;
    let pending = page.pending.map(|pending| pending.as_str());
    tracing::info!(
        status = 200,
        rows = page.rows,
        bytes,
        encoding = encoding.map(ContentEncoding::label),
        sent_bytes = encoding.map(|_| page.len()),
        pending,
        waits_for = page.waits_for.as_ref().map(tracing::field::display),
        repeated_calls = (page.repeated_calls > 0).then_some(page.repeated_calls),
        joined = page.has_joined.then_some(true),
        took_ms = report::milliseconds(record.began.elapsed()),
        "page"
    );
    record.succeed(RequestOutcome {
        outcome: pending.unwrap_or("ready"),
        table: pending.is_none().then(|| table.into()),
        rows: page.rows,
        bytes,
        has_joined: page.has_joined,
    });
    let response = response::page(page, record.outbox.clone());
    Ok(response::with_encoding(response, encoding))
}
