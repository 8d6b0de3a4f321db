//! One request and its response's head, on one connection.

mod answer_body;
mod bounded_body;
mod fault;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};

use super::connection::ConnectionTag;
use super::dial::Dialler;
use super::headers;
use super::heads::{HeadFault, MAX_HEAD_BYTES};
use super::liveness::ConnectionLife;
use super::outgoing::{Outgoing, OutgoingBody, TransferError};
use super::phase::CallPhase;
use super::record::CallRecord;
use super::timeout::{TimeLimit, Timeout};
use crate::scope::{CallScope, Deadline};
pub(super) use answer_body::AnswerBody;
use bounded_body::bounded;
use fault::ExchangeFault;

/// How long the client may stay silent after a request's connection is gone. It dials another one meanwhile.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(1);

pub(super) type HttpClient = Pool<Dialler, UnsyncBoxBody<Bytes, TransferError>>;

/// The timeouts of one exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExchangeTimes {
    /// The request's own, within which the connection must exist. The connector's is enforced where connections are
    /// made.
    pub(super) connect: Option<Duration>,
    pub(super) first_byte: TimeLimit,
    pub(super) deadline: Deadline,
}

/// Sends a request and waits for its response's head.
pub(super) async fn send(
    client: &HttpClient,
    outgoing: Outgoing,
    times: ExchangeTimes,
    max_request_bytes: u64,
    scope: &Arc<CallScope>,
    record: &mut CallRecord,
) -> Result<Response<AnswerBody>, ExchangeFault> {
    let phases = record.phases();
    phases.enter(CallPhase::Connection);
    let is_streamed = matches!(outgoing.body, OutgoingBody::Streamed(_));
    let body = bounded(
        outgoing.body,
        max_request_bytes,
        times.deadline,
        scope,
        record,
    )?;
    let mut request = http::Request::new(body);
    *request.method_mut() = outgoing.method;
    *request.uri_mut() = headers::target(outgoing.target.url()).map_err(ExchangeFault::Url)?;
    *request.headers_mut() = outgoing.headers;
    let mut connection = capture_connection(&mut request);
    let answered = async {
        let mut answered = pin!(phases.dialing(client.request(request)));
        let at_once = tokio::select! {
            biased;
            answered = &mut answered => Some(answered),
            connected = connected(&mut connection, times.connect) => {
                connected?;
                phases.enter(if is_streamed { CallPhase::RequestBody } else { CallPhase::Head });
                None
            }
        };
        // On a busy machine the answer may be seen together with the connection that it came over.
        let dialed = tag(&connection);
        if let Some(tag) = &dialed {
            record.connected(tag.times);
            if !tag.is_proxied {
                phases.go_directly();
            }
        }
        let answered = match at_once {
            Some(answered) => answered,
            None => {
                let waiting = async {
                    tokio::select! {
                        biased;
                        answered = answered => Ok(answered),
                        life = forgotten(|| tag(&connection), dialed) => Err(ExchangeFault::of_forgotten(&life)),
                    }
                };
                tokio::time::timeout(times.first_byte.time, waiting)
                    .await
                    .map_err(|_| ExchangeFault::Timeout(Timeout::FirstByte(times.first_byte)))??
            }
        };
        answered.map_err(|error| ExchangeFault::of_client(error, tag(&connection).as_ref()))
    };
    let mut response = tokio::time::timeout_at(times.deadline.at, answered)
        .await
        .map_err(|_| ExchangeFault::Timeout(Timeout::Deadline(times.deadline.bound())))??;
    phases.enter(CallPhase::Body);
    record.answered(response.status().as_u16());
    let tag: Option<ConnectionTag> = response.extensions_mut().remove();
    let life = tag.and_then(|tag| tag.life);
    add_location(&mut response, life.as_deref());
    let lines = response.headers().iter();
    let head_bytes: usize = lines
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if head_bytes > MAX_HEAD_BYTES as usize {
        return Err(ExchangeFault::Head(HeadFault::TooLong));
    }
    Ok(answer_body::tagged(response, life))
}

/// Adds a `Location` that the parser left out because of its bytes.
fn add_location<B>(response: &mut Response<B>, life: Option<&ConnectionLife>) {
    let may_have_one =
        response.status().is_redirection() || response.status() == StatusCode::CREATED;
    if may_have_one
        && !response.headers().contains_key(header::LOCATION)
        && let Some(location) = life.and_then(ConnectionLife::take_location)
        && let Ok(location) = HeaderValue::try_from(location)
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
}

async fn connected(
    connection: &mut CaptureConnection,
    within: Option<Duration>,
) -> Result<(), ExchangeFault> {
    let connected = connection.wait_for_connection_metadata();
    let Some(within) = within else {
        connected.await;
        return Ok(());
    };
    tokio::time::timeout(within, connected)
        .await
        .map(drop)
        .map_err(|_| ExchangeFault::Timeout(Timeout::Connect(TimeLimit::of_the_request(within))))
}

/// Waits until a request is lost: its connection is gone, and the client neither reports that nor takes another one.
/// The client loses a request that is given to a connection at the very moment the connection ends. Returns the life
/// of that connection. `tagged` says which connection the request has taken last.
async fn forgotten(
    tagged: impl Fn() -> Option<ConnectionTag>,
    mut dialed: Option<ConnectionTag>,
) -> Arc<ConnectionLife> {
    loop {
        let Some(life) = dialed.and_then(|tag| tag.life) else {
            return std::future::pending().await;
        };
        life.gone().await;
        tokio::time::sleep(FORGOTTEN_AFTER).await;
        dialed = tagged();
        let now = dialed.as_ref().and_then(|tag| tag.life.as_ref());
        if now.is_some_and(|now| Arc::ptr_eq(now, &life)) {
            return life;
        }
    }
}

/// Details of the connection that the request went over; `None` if there is none yet.
fn tag(connection: &CaptureConnection) -> Option<ConnectionTag> {
    let mut extras = http::Extensions::new();
    connection
        .connection_metadata()
        .as_ref()?
        .get_extras(&mut extras);
    extras.remove()
}

#[cfg(test)]
mod tests;
