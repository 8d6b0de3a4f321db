//! From a request to its answer.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, Request};
use tracing::Instrument;
use weld_protocol::PageRequest;

use super::auth::{Keys, names_this_machine};
use super::delivery::Outbox;
use super::error::ApiError;
use super::metrics::{self, Asked, Came};
use super::peer::Peer;
use super::wanted::Wanted;
use super::{body, request_id, response};
use crate::pages::Pages;
use crate::report;

/// The longest request line and headers together. Weld's are far below 1 KiB.
pub(super) const MAX_HEADER_BYTES: usize = 64 << 10;

/// How much of a name that a client sends stands in the log.
const MAX_LOGGED_NAME_BYTES: usize = 100;

/// What every request is answered from.
pub(super) struct Service {
    pub(super) pages: Pages,
    pub(super) keys: Keys,
    pub(super) max_body_bytes: u64,
    pub(super) body_timeout: Duration,
}

/// What is known of the client at the other end of a request's connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Client {
    /// None where it can't be watched.
    pub(super) peer: Option<Arc<Peer>>,
    pub(super) outbox: Outbox,
}

/// Answers one request and writes its line into the log.
pub(super) async fn handle(
    State(service): State<Arc<Service>>,
    mut request: Request<Body>,
) -> Response {
    let began = Instant::now();
    let id = request_id::new();
    let wanted = Wanted::read(request.uri().path(), request.headers());
    let asked = asked(&service, &wanted);
    let connector = wanted
        .connector()
        .map(|name| report::shortened(name, MAX_LOGGED_NAME_BYTES));
    let span = tracing::info_span!(
        "request",
        request_id = id,
        connector,
        table = tracing::field::Empty,
    );
    let client = request.extensions_mut().remove::<Client>();
    let Client { peer, outbox } = client.unwrap_or_default();
    let unanswered = Unanswered {
        span: span.clone(),
        asked,
        began,
        answered: false,
    };
    let answering = answer(&service, request, outbox, began).instrument(span.clone());
    let outcome = tokio::select! {
        outcome = catch_panic(answering) => outcome,
        () = gone(peer.as_deref()) => Err(ApiError::ClientGone),
    };
    let asked = unanswered.answered();
    let _entered = span.enter();
    let (mut response, came) = match outcome {
        Ok(answered) => answered,
        Err(error) => {
            let came = Came::to_nothing(error.outcome());
            (error.into_response(connector, &id, began.elapsed()), came)
        }
    };
    metrics::record(&asked, &came, began.elapsed());
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(request_id::HEADER, id);
    }
    response
}

/// As the metrics have it.
fn asked(service: &Service, wanted: &Wanted<'_>) -> Asked {
    let connector = match wanted {
        Wanted::Nothing => None,
        Wanted::Schema(name) | Wanted::Page(name) => service.pages.connectors().name(*name),
    };
    Asked {
        connector,
        what: wanted.what(),
    }
}

async fn gone(peer: Option<&Peer>) {
    match peer {
        Some(peer) => peer.gone().await,
        None => std::future::pending().await,
    }
}

/// A request without its answer: dropped like this when the client goes away, it leaves a line in the log.
struct Unanswered {
    span: tracing::Span,
    asked: Asked,
    began: Instant,
    answered: bool,
}

impl Unanswered {
    fn answered(mut self) -> Asked {
        self.answered = true;
        self.asked.clone()
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if !self.answered {
            let _entered = self.span.enter();
            let took = self.began.elapsed();
            tracing::info!(?took, "{}", ApiError::ClientGone);
            let came = Came::to_nothing(ApiError::ClientGone.outcome());
            metrics::record(&self.asked, &came, took);
        }
    }
}

async fn answer(
    service: &Service,
    request: Request<Body>,
    outbox: Outbox,
    began: Instant,
) -> Result<(Response, Came), ApiError> {
    let (head, body) = request.into_parts();
    let line = head
        .uri
        .path_and_query()
        .map_or(0, |line| line.as_str().len());
    let headers = head.headers.iter();
    let bytes = headers.fold(line, |sum, (name, value)| {
        sum + name.as_str().len() + value.len()
    });
    if bytes > MAX_HEADER_BYTES {
        return Err(ApiError::HeadersTooLarge {
            limit_bytes: MAX_HEADER_BYTES,
        });
    }
    let wanted = Wanted::read(head.uri.path(), &head.headers);
    authorize(service, &wanted, &head.headers)?;
    if wanted == Wanted::Nothing {
        return Err(ApiError::NotFound);
    }
    if !matches!(head.method, Method::GET | Method::POST) {
        return Err(ApiError::MethodNotAllowed);
    }
    let connectors = service.pages.connectors();
    let connector = connectors.loaded(wanted.connector()).await?;
    // Read also where it is of no use, as with a schema: else the client is cut off while it sends.
    let body = body::read(
        &head.headers,
        body,
        service.max_body_bytes,
        service.body_timeout,
    )
    .await?;
    if let Wanted::Schema(_) = wanted {
        let schema = service.pages.schema(&connector).await?;
        tracing::info!(status = 200, bytes = schema.len(), took = ?began.elapsed(), "schema");
        let came = Came {
            outcome: "ready",
            bytes: schema.len(),
            ..Came::default()
        };
        return Ok((response::json(schema), came));
    }
    let request = PageRequest::parse(&body)?;
    drop(body);
    let table = report::shortened(&request.table, MAX_LOGGED_NAME_BYTES);
    tracing::Span::current().record("table", table);
    let page = service.pages.page(&connector, &request).await?;
    let pending = page.pending.map(|pending| pending.as_str());
    tracing::info!(
        status = 200,
        rows = page.rows,
        bytes = page.len(),
        pending,
        waits_for = page.waits_for.as_ref().map(tracing::field::display),
        joined = page.has_joined.then_some(true),
        took = ?began.elapsed(),
        "page"
    );
    let came = Came {
        outcome: pending.unwrap_or("ready"),
        rows: page.rows,
        bytes: page.len(),
        has_joined: page.has_joined,
    };
    Ok((response::page(page, outbox), came))
}

/// Checked before anything else is said, so that nobody can find out the connectors' names.
fn authorize(service: &Service, wanted: &Wanted<'_>, headers: &HeaderMap) -> Result<(), ApiError> {
    let connectors = service.pages.connectors();
    let own = match wanted {
        Wanted::Nothing => None,
        Wanted::Schema(name) | Wanted::Page(name) => connectors.api_keys(*name),
    };
    let own = own.map(|keys| Keys::new(&keys));
    let keys = own.as_ref().unwrap_or(&service.keys);
    if !keys.permit(headers) {
        return Err(ApiError::Unauthorized);
    }
    if keys.is_empty() && !names_this_machine(headers) {
        return Err(ApiError::ForeignHost);
    }
    Ok(())
}

/// A panic is a fault of the host, but must not cost the client its answer.
async fn catch_panic(
    answering: impl Future<Output = Result<(Response, Came), ApiError>>,
) -> Result<(Response, Came), ApiError> {
    let mut answering = std::pin::pin!(answering);
    std::future::poll_fn(|context| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| {
            Pin::as_mut(&mut answering).poll(context)
        }));
        polled.unwrap_or(Poll::Ready(Err(ApiError::Panicked)))
    })
    .await
}
