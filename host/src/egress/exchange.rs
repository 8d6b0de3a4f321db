//! One request and its response's head, on one connection.

mod outgoing;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::client::legacy::{self, Client as Pool};
use url::Url;

use super::connection::DialTimes;
use super::dial::{DialError, Dialler};
use super::error::{EgressError, Timeout};
use super::headers;
use super::record::Record;
use crate::scope::{CallScope, Deadline};
use outgoing::{BodyFault, outgoing};

type Cause = Box<dyn std::error::Error + Send + Sync>;

pub(super) type Client = Pool<Dialler, UnsyncBoxBody<Bytes, Cause>>;

/// A request whose parts are checked, but not yet where it goes.
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: HopBody,
}

impl Hop {
    /// The same request once more; none where its body is a stream, which can be sent once.
    pub(super) fn copy(&self) -> Option<Self> {
        let HopBody::Whole(body) = &self.body else {
            return None;
        };
        Some(Self {
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: HopBody::Whole(body.clone()),
        })
    }
}

pub(super) enum HopBody {
    Whole(Bytes),
    Streamed(StreamedBody),
}

/// A request's body that the guest writes while it is sent.
pub(crate) struct StreamedBody {
    pub(crate) body: UnsyncBoxBody<Bytes, Cause>,
    /// As the guest announced it.
    pub(crate) length: Option<u64>,
}

/// The time-outs of one exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) connect: Duration,
    pub(super) first_byte: Duration,
    pub(super) deadline: Deadline,
}

/// Sends a request and waits for its response's head.
pub(super) async fn send(
    client: &Client,
    hop: Hop,
    times: Times,
    max_request_bytes: u64,
    scope: &Arc<CallScope>,
    record: &mut Record,
) -> Result<http::Response<Incoming>, EgressError> {
    let body = outgoing(
        hop.body,
        max_request_bytes,
        times.deadline,
        scope,
        record.sent_bytes(),
    )?;
    let mut request = http::Request::new(body);
    *request.method_mut() = hop.method;
    *request.uri_mut() = headers::target(&hop.url)?;
    *request.headers_mut() = hop.headers;
    let connection = capture_connection(&mut request);
    let answered = answer(client, request, connection, times, record);
    match tokio::time::timeout_at(times.deadline.at, answered).await {
        Ok(Ok(response)) => {
            record.answered(response.status().as_u16());
            Ok(response)
        }
        Ok(Err(Failure::Timeout(timeout))) => Err(EgressError::Timeout(timeout)),
        Ok(Err(Failure::Client(error))) => Err(sort(error, record.origin())),
        Err(_) => Err(EgressError::Timeout(Timeout::Deadline(
            times.deadline.reason,
        ))),
    }
}

enum Failure {
    Timeout(Timeout),
    Client(legacy::Error),
}

async fn answer(
    client: &Client,
    request: http::Request<UnsyncBoxBody<Bytes, Cause>>,
    mut connection: CaptureConnection,
    times: Times,
    record: &mut Record,
) -> Result<http::Response<Incoming>, Failure> {
    let mut answered = pin!(client.request(request));
    let connected = connection.wait_for_connection_metadata();
    let at_once = tokio::select! {
        biased;
        answered = &mut answered => Some(answered),
        connected = tokio::time::timeout(times.connect, connected) => {
            if connected.is_err() {
                return Err(Failure::Timeout(Timeout::Connect));
            }
            None
        }
    };
    // On a busy machine the answer may be seen together with the connection that it came over.
    if let Some(connected) = connection.connection_metadata().as_ref() {
        let mut extras = http::Extensions::new();
        connected.get_extras(&mut extras);
        if let Some(dialled) = extras.get::<DialTimes>() {
            record.connected(*dialled);
        }
    }
    if let Some(answered) = at_once {
        return answered.map_err(Failure::Client);
    }
    tokio::time::timeout(times.first_byte, answered)
        .await
        .map_err(|_| Failure::Timeout(Timeout::FirstByte))?
        .map_err(Failure::Client)
}

/// Finds our own errors among the causes of the client's.
fn sort(error: legacy::Error, origin: &str) -> EgressError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(found) = cause {
        if let Some(DialError::Timeout) = found.downcast_ref() {
            return EgressError::Timeout(Timeout::Connect);
        }
        if let Some(DialError::Forbidden {
            address,
            special_use,
        }) = found.downcast_ref()
        {
            return EgressError::AddressDenied {
                origin: origin.to_owned(),
                address: *address,
                special_use: *special_use,
                file: String::new(),
            };
        }
        if let Some(fault) = found.downcast_ref::<BodyFault>() {
            return fault.into();
        }
        cause = found.source();
    }
    EgressError::Failed {
        origin: origin.to_owned(),
        source: error.into(),
    }
}

#[cfg(test)]
mod tests;
