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
use weld_protocol::{MODE_HEADER, PageRequest, SCHEMA_MODE};

use super::auth::{Keys, names_this_machine};
use super::delivery::Outbox;
use super::error::ApiError;
use super::peer::Peer;
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

/// What a path and its headers ask for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted<'a> {
    /// `None` is the connector behind the plain routes.
    Schema(Option<&'a str>),
    Page(Option<&'a str>),
    Nothing,
}

impl<'a> Wanted<'a> {
    /// Reads a path, empty segments passed over: Weld joins paths naively, so `//schema` and `/beers//schema` are
    /// meant as `/schema` and `/beers/schema`.
    fn read(path: &'a str, headers: &HeaderMap) -> Self {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let segments = [segments.next(), segments.next(), segments.next()];
        match segments {
            [Some("schema"), None, _] => Self::Schema(None),
            [Some("schema"), ..] => Self::Nothing,
            [Some(name), Some("schema"), None] => Self::Schema(Some(name)),
            [name, None, _] if asks_for_schema(headers) => Self::Schema(name),
            [name, None, _] => Self::Page(name),
            _ => Self::Nothing,
        }
    }

    fn connector(&self) -> Option<&'a str> {
        match self {
            Self::Schema(name) | Self::Page(name) => *name,
            Self::Nothing => None,
        }
    }
}

fn asks_for_schema(headers: &HeaderMap) -> bool {
    headers.get(MODE_HEADER).is_some_and(|mode| {
        let mode = mode.as_bytes().trim_ascii();
        mode.eq_ignore_ascii_case(SCHEMA_MODE.as_bytes())
    })
}

/// Answers one request and writes its line into the log.
pub(super) async fn handle(
    State(service): State<Arc<Service>>,
    mut request: Request<Body>,
) -> Response {
    let began = Instant::now();
    let id = request_id::new();
    let connector = Wanted::read(request.uri().path(), request.headers())
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
        began,
        answered: false,
    };
    let answering = answer(&service, request, outbox, began).instrument(span.clone());
    let outcome = tokio::select! {
        outcome = catch_panic(answering) => outcome,
        () = gone(peer.as_deref()) => Err(ApiError::ClientGone),
    };
    unanswered.answered();
    let _entered = span.enter();
    let mut response = match outcome {
        Ok(response) => response,
        Err(error) => error.into_response(connector, &id, began.elapsed()),
    };
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
    began: Instant,
    answered: bool,
}

impl Unanswered {
    fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if !self.answered {
            let _entered = self.span.enter();
            tracing::info!(took = ?self.began.elapsed(), "{}", ApiError::ClientGone);
        }
    }
}

async fn answer(
    service: &Service,
    request: Request<Body>,
    outbox: Outbox,
    began: Instant,
) -> Result<Response, ApiError> {
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
    let connector = connectors.find(wanted.connector())?;
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
        return Ok(response::json(schema));
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
    Ok(response::page(page, outbox))
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
    answering: impl Future<Output = Result<Response, ApiError>>,
) -> Result<Response, ApiError> {
    let mut answering = std::pin::pin!(answering);
    std::future::poll_fn(|context| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| {
            Pin::as_mut(&mut answering).poll(context)
        }));
        polled.unwrap_or(Poll::Ready(Err(ApiError::Panicked)))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_however_weld_joins_them() {
        let none = HeaderMap::new();
        for (path, expected) in [
            ("/", Wanted::Page(None)),
            ("", Wanted::Page(None)),
            ("//", Wanted::Page(None)),
            ("/schema", Wanted::Schema(None)),
            ("//schema", Wanted::Schema(None)),
            ("/schema/", Wanted::Schema(None)),
            ("/beers", Wanted::Page(Some("beers"))),
            ("/beers/", Wanted::Page(Some("beers"))),
            ("//beers//", Wanted::Page(Some("beers"))),
            ("/beers/schema", Wanted::Schema(Some("beers"))),
            ("/beers//schema/", Wanted::Schema(Some("beers"))),
            ("/beers/other", Wanted::Nothing),
            ("/beers/schema/more", Wanted::Nothing),
            ("/schema/schema", Wanted::Nothing),
        ] {
            assert_eq!(Wanted::read(path, &none), expected, "{path}");
        }
    }

    #[test]
    fn the_mode_header_asks_for_the_schema() {
        for (mode, expected) in [
            ("schema", Wanted::Schema(Some("beers"))),
            ("Schema", Wanted::Schema(Some("beers"))),
            ("data", Wanted::Page(Some("beers"))),
        ] {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static(MODE_HEADER),
                HeaderValue::from_static(mode),
            )]);
            assert_eq!(Wanted::read("/beers", &headers), expected, "{mode}");
        }
    }
}
