//! From a request to its answer.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request};
use tracing::Instrument;
use weld_protocol::PageRequest;

use super::auth::{names_this_machine, permits};
use super::delivery::Outbox;
use super::error::ApiError;
use super::metrics::{self, Asked, Came};
use super::peer::Peer;
use super::wanted::Wanted;
use super::{body, request_id, response};
use crate::connectors::{AccessKeys, Connectors, Lookup};
use crate::pages::Pages;
use crate::report;

/// The longest request line and headers together. Weld's are far below 1 KiB.
pub(super) const MAX_HEADER_BYTES: usize = 64 << 10;

/// How much of a name that a client sends stands in the log.
const MAX_LOGGED_NAME_BYTES: usize = 100;

/// What every request is answered from.
pub(super) struct Service {
    pub(super) pages: Pages,
    pub(super) connectors: Arc<Connectors>,
    /// The host's own.
    pub(super) keys: AccessKeys,
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
    let client = request.extensions_mut().remove::<Client>();
    let Client { peer, outbox } = client.unwrap_or_default();
    let (head, body) = request.into_parts();
    let wanted = Wanted::read(head.uri.path(), &head.headers);
    let lookup = match wanted {
        Wanted::Nothing => None,
        Wanted::Schema(name) | Wanted::Page(name) => Some(service.connectors.look_up(name)),
    };
    let asked = Asked {
        connector: lookup
            .as_ref()
            .and_then(Lookup::name)
            .map(ToString::to_string),
        what: wanted.what(),
    };
    let connector = wanted
        .connector()
        .map(|name| report::shortened(name, MAX_LOGGED_NAME_BYTES));
    let span = tracing::info_span!(
        "request",
        request_id = id,
        connector,
        table = tracing::field::Empty,
    );
    let unanswered = Unanswered {
        span: span.clone(),
        asked,
        began,
        answered: false,
    };
    let asking = Asking {
        head: &head,
        wanted,
        lookup,
        body,
        outbox,
        began,
    };
    let answering = answer(&service, asking).instrument(span.clone());
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

/// One request, as far as its head says what it wants.
struct Asking<'a> {
    head: &'a Parts,
    wanted: Wanted<'a>,
    /// None where nothing is at its path.
    lookup: Option<Lookup>,
    body: Body,
    outbox: Outbox,
    began: Instant,
}

async fn answer(service: &Service, asking: Asking<'_>) -> Result<(Response, Came), ApiError> {
    let Asking {
        head,
        wanted,
        lookup,
        body,
        outbox,
        began,
    } = asking;
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
    authorize(service, lookup.as_ref(), &head.headers)?;
    let lookup = lookup.ok_or(ApiError::NotFound)?;
    if !matches!(head.method, Method::GET | Method::POST) {
        return Err(ApiError::MethodNotAllowed);
    }
    let connector = service
        .connectors
        .loaded(wanted.connector(), lookup, |lookup| {
            authorize(service, Some(lookup), &head.headers)
        })
        .await?;
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
fn authorize(
    service: &Service,
    lookup: Option<&Lookup>,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    let keys = lookup.and_then(Lookup::keys).unwrap_or(&service.keys);
    if !permits(keys, headers) {
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
