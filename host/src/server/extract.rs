//! What handlers extract from a request. A request for a connector is authorized first.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts};
use base64::DecodeError;
use http::request::Parts;
use http::{Request, header};
use tokio::time::Instant;

use super::accepted::AcceptedEncoding;
use super::body::ReceivedBody;
use super::departure::DepartureNotice;
use super::error::ApiError;
use super::head::{MAX_HEAD_BYTES, MAX_HEADERS};
use super::metrics::TargetLabels;
use super::places::{ConnectionPlace, NoPlace};
use super::record::{RequestRecord, RequestTarget};
use super::service::Service;
use super::shutdown::ShutdownState;
use super::{body, uri};
use crate::access_check::{KeyCheck, is_of_a_foreign_page, names_this_machine};
use crate::config::ConnectorName;
use crate::connectors::{Connector, ConnectorError, Lookup};
use crate::report;

/// How many bytes of a name sent by a client are written to the log.
pub(super) const MAX_LOGGED_NAME_BYTES: usize = 100;

/// Permission to use the connector at a path. It is checked before the client learns anything else, so that nobody
/// can probe for connectors' names.
pub(super) struct Authorization {
    lookup: Lookup,
    /// Why the key can't be judged. Then the client has no permission yet.
    unjudged: Option<ConnectorError>,
}

/// What a request's key permits.
enum KeyVerdict {
    Permitted,
    /// Nobody knows the connector's keys, for this reason. So the key may be the right one, and whatever is answered must
    /// not depend on it: otherwise the host's own key could be guessed here, since it opens nothing, and guesses can't be
    /// counted as wrong.
    Unjudged(ConnectorError),
}

/// The connector that a request may call, loaded.
pub(super) struct Callee(pub(super) Arc<Connector>);

/// A request's body, decompressed.
pub(super) struct PlainBody(pub(super) ReceivedBody);

impl FromRequestParts<Arc<Service>> for Authorization {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, ApiError> {
        let path = parts.uri.path();
        let name = uri::connector_name(path);
        let lookup = service.connectors.look_up(name);
        let what = if uri::is_schema(path) {
            "schema"
        } else {
            "page"
        };
        note(
            parts,
            name,
            TargetLabels {
                connector: lookup.name().map(ConnectorName::shared),
                what,
            },
        )?;
        let unjudged = match authorize(service, Some(&lookup), parts)? {
            KeyVerdict::Permitted => {
                begin_trace(service, parts)?;
                None
            }
            KeyVerdict::Unjudged(failure) => Some(failure),
        };
        Ok(Self { lookup, unjudged })
    }
}

impl Authorization {
    /// The answer to a request whose method is not allowed. Only a client with permission learns that.
    pub(super) fn other_method(self, service: &Service, parts: &Parts) -> ApiError {
        match self.unjudged {
            None => ApiError::MethodNotAllowed,
            Some(failure) => unjudged(service, &self.lookup, failure, parts),
        }
    }
}

impl FromRequestParts<Arc<Service>> for Callee {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, ApiError> {
        let authorization = Authorization::from_request_parts(parts, service).await?;
        if service.shutdown.refuses() {
            return Err(ConnectorError::ShuttingDown.into());
        }
        let Authorization { lookup, unjudged } = authorization;
        let waiting = match unjudged {
            None => {
                take_place(parts).await?;
                None
            }
            Some(failure) => {
                let waiting = service.unjudged_waits.enter(failure);
                Some(waiting.map_err(|failure| self::unjudged(service, &lookup, failure, parts))?)
            }
        };
        let name = uri::connector_name(parts.uri.path());
        let check = |lookup: &Lookup| match authorize(service, Some(lookup), parts)? {
            KeyVerdict::Permitted | KeyVerdict::Unjudged(ConnectorError::Loading) => Ok(()),
            KeyVerdict::Unjudged(failure) => Err(self::unjudged(service, lookup, failure, parts)),
        };
        let connector = service.connectors.loaded(name, lookup, check).await?;
        if waiting.is_some() {
            take_place(parts).await?;
            begin_trace(service, parts)?;
        }
        Ok(Self(connector))
    }
}

/// Why the body of a request that came as an event can't be read. It is an extension of the request, so that the key is
/// checked first.
#[derive(Clone)]
pub(super) struct UndecodedBody(pub(super) DecodeError);

/// How the client wants its answer to be encoded.
pub(super) struct Encoding(pub(super) AcceptedEncoding);

impl FromRequestParts<Arc<Service>> for Encoding {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Infallible> {
        Ok(Self(if service.compression {
            AcceptedEncoding::of(&parts.headers)
        } else {
            AcceptedEncoding::PLAIN
        }))
    }
}

impl FromRequest<Arc<Service>> for PlainBody {
    type Rejection = ApiError;

    async fn from_request(
        request: Request<Body>,
        service: &Arc<Service>,
    ) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        if let Some(UndecodedBody(fault)) = parts.extensions.remove() {
            return Err(ApiError::BrokenBase64(fault));
        }
        let account = service.connectors.host_account();
        let bounds = service.live.get().body_bounds;
        // The request may have waited for its place, and the client's time counts from when it may send.
        let began = Instant::now();
        let reading = body::read(&parts.headers, body, bounds, account);
        tokio::select! {
            // What has arrived is read, even if it is late.
            biased;
            read = reading => read.map(Self),
            () = given_up(&service.shutdown, &parts, began) => Err(ConnectorError::ShuttingDown.into()),
        }
    }
}

/// Takes a place for a request that is let in, or waits for one. A request without a connection needs none.
async fn take_place(parts: &Parts) -> Result<(), ApiError> {
    let Some(place) = parts.extensions.get::<ConnectionPlace>() else {
        return Ok(());
    };
    let held = place.hold().await;
    held.map_err(|NoPlace { most }| ApiError::NoPlace { most })
}

/// Waits until the host, which shuts down, can't wait any longer for the rest of a body.
async fn given_up(shutdown: &ShutdownState, parts: &Parts, began: Instant) {
    if let Some(departure) = parts.extensions.get::<Arc<DepartureNotice>>() {
        departure.overdue(|| Some(began)).await;
        if shutdown.refuses() {
            return;
        }
    }
    std::future::pending().await
}

/// Begins the trace of a request that has been let in.
fn begin_trace(service: &Service, parts: &Parts) -> Result<(), ApiError> {
    let Some(tracer) = &service.tracer else {
        return Ok(());
    };
    let path = parts.uri.path();
    let route = match (uri::connector_name(path), uri::is_schema(path)) {
        (None, false) => "/",
        (None, true) => "/schema",
        (Some(_), false) => "/{connector}",
        (Some(_), true) => "/{connector}/schema",
    };
    tracer.begin(record(parts)?, parts, route);
    Ok(())
}

/// The answer to a request whose key can't be judged. It is the same whatever the key is.
fn unjudged(
    service: &Service,
    lookup: &Lookup,
    failure: ConnectorError,
    parts: &Parts,
) -> ApiError {
    let client = record(parts).ok().and_then(|record| record.client);
    let name = lookup.name().map_or("", ConnectorName::as_str);
    ApiError::UnjudgedKey {
        failure,
        mention: service.unjudged_keys.note(client, name),
    }
}

/// Checks whether a client may learn that there is nothing at a path, which requires the host's own key.
pub(super) fn permit_nothing(service: &Service, parts: &Parts) -> Result<(), ApiError> {
    note(parts, None, TargetLabels::default())?;
    // Without a connector, the keys are the host's, which are known.
    authorize(service, None, parts).map(drop)
}

/// Records what a request is for. A request with too large a head is refused here.
fn note(parts: &Parts, name: Option<&str>, labels: TargetLabels) -> Result<(), ApiError> {
    let name = name.map(|name| report::shortened(name, MAX_LOGGED_NAME_BYTES));
    if let Some(name) = &name {
        tracing::Span::current().record("connector", name);
    }
    let record = record(parts)?;
    record.aim(RequestTarget { name, labels });
    if record.head_bytes > MAX_HEAD_BYTES || parts.headers.len() > MAX_HEADERS {
        return Err(ApiError::HeadersTooLarge {
            limit_bytes: MAX_HEAD_BYTES,
        });
    }
    Ok(())
}

/// The request's record. There always is one, since every request passes through `Access`.
fn record(parts: &Parts) -> Result<&Arc<RequestRecord>, ApiError> {
    parts.extensions.get().ok_or(ApiError::Panicked)
}

/// Checks the key. Then the client may know why the connector failed to load, if it sends the connector's own key, or is
/// on this machine itself rather than behind a proxy here.
fn authorize(
    service: &Service,
    lookup: Option<&Lookup>,
    parts: &Parts,
) -> Result<KeyVerdict, ApiError> {
    let hosts = parts.headers.get_all(header::HOST).iter().count();
    if hosts > 1 {
        return Err(ApiError::SeveralHosts(hosts));
    }
    let record = record(parts)?;
    let live = service.live.get();
    // If the host has no keys, there is nothing that could be guessed.
    if !live.keys.is_empty()
        && let Some(failure) = lookup.and_then(Lookup::without_known_keys)
    {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Err(ApiError::Unauthorized);
        }
        return Ok(KeyVerdict::Unjudged(failure));
    }
    let keys = lookup.and_then(Lookup::keys).unwrap_or(&live.keys);
    match KeyCheck::of(keys, &parts.headers) {
        KeyCheck::Permitted => {}
        KeyCheck::Missing => return Err(ApiError::Unauthorized),
        KeyCheck::Wrong => {
            service.wrong_keys.count(record.client)?;
            return Err(ApiError::Unauthorized);
        }
    }
    // A platform passes on requests of the whole world, whatever `Host` they have.
    if keys.is_empty() && record.is_passed_on {
        return Err(ApiError::Unauthorized);
    }
    if keys.is_empty() && !names_this_machine(&parts.headers) {
        return Err(ApiError::ForeignHost);
    }
    if keys.is_empty() && is_of_a_foreign_page(&parts.headers) {
        return Err(ApiError::ForeignOrigin);
    }
    let is_own_key = lookup
        .and_then(Lookup::keys)
        .is_some_and(|own| !own.is_empty());
    record.show_reasons(is_own_key || record.is_of_this_machine(&parts.headers));
    Ok(KeyVerdict::Permitted)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::departure::Departure;
    use super::super::shutdown::Successor;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_for_a_body_at_the_end_of_the_drain_counts_from_when_it_is_read() {
        let (departure, shutdown) = (Departure::new(), ShutdownState::default());
        let mut request = Request::new(());
        request
            .extensions_mut()
            .insert(Arc::new(departure.notice()));
        let (parts, ()) = request.into_parts();
        shutdown.begin(Successor::None);
        departure.end();
        // It waits for a place.
        tokio::time::sleep(Duration::from_secs(9)).await;
        let began = Instant::now();
        given_up(&shutdown, &parts, began).await;
        assert!(began.elapsed() >= Duration::from_secs(1));
    }
}
