//! One request and its response's head, on one connection.

mod bounded_body;

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::client::legacy::{self, Client as Pool};

use super::address::SpecialUse;
use super::connection::DialTimes;
use super::dial::{DialFault, Dialler};
use super::error::{EgressError, RequestFault, Timeout, TimeoutOwner};
use super::headers;
use super::heads::{HeadFault, MAX_HEAD_BYTES};
use super::outgoing::{Outgoing, OutgoingBody, TransferError};
use super::phase::{CallPhase, PhaseTime};
use super::record::CallRecord;
use crate::scope::{CallScope, Deadline};
use bounded_body::{BodyFault, bounded};

pub(super) type HttpClient = Pool<Dialler, UnsyncBoxBody<Bytes, TransferError>>;

/// The time-outs of one exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExchangeTimes {
    /// The request's own, in which the connection must be there. The connector's is kept where connections are made.
    pub(super) connect: Option<Duration>,
    pub(super) first_byte: TimeLimit,
    pub(super) deadline: Deadline,
}

/// A time-out, and whose it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeLimit {
    pub(super) time: Duration,
    pub(super) owner: TimeoutOwner,
}

impl TimeLimit {
    /// The request's own if it is shorter than the configured one.
    pub(super) fn of(own: Option<Duration>, configured: Duration) -> Self {
        match own {
            Some(time) if time < configured => Self {
                time,
                owner: TimeoutOwner::Request,
            },
            _ => Self {
                time: configured,
                owner: TimeoutOwner::Config,
            },
        }
    }
}

/// Why there is no response's head.
#[derive(Debug)]
pub(super) enum ExchangeFault {
    Timeout(Timeout),
    Url(RequestFault),
    /// The request's body was not sent to its end.
    Body(BodyFault),
    /// The host has no address that may be called; this is the first one.
    Forbidden {
        address: IpAddr,
        special_use: SpecialUse,
    },
    Head(HeadFault),
    Client(legacy::Error),
}

impl From<BodyFault> for ExchangeFault {
    fn from(fault: BodyFault) -> Self {
        Self::Body(fault)
    }
}

impl ExchangeFault {
    /// Finds our own faults among the causes of the client's.
    fn of_client(error: legacy::Error) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(found) = cause {
            match found.downcast_ref() {
                Some(DialFault::Timeout) => {
                    return Self::Timeout(Timeout::Connect(TimeoutOwner::Config));
                }
                Some(&DialFault::Forbidden {
                    address,
                    special_use,
                }) => {
                    return Self::Forbidden {
                        address,
                        special_use,
                    };
                }
                _ => {}
            }
            if let Some(fault) = found.downcast_ref::<BodyFault>() {
                return Self::Body(*fault);
            }
            if let Some(fault) = head_fault(found) {
                return Self::Head(fault);
            }
            cause = found.source();
        }
        Self::Client(error)
    }

    /// The error of a request to this origin that had waited so long. `config_file` is where an operator may allow it.
    pub(super) fn into_error(
        self,
        origin: &str,
        config_file: &str,
        waited: PhaseTime,
    ) -> EgressError {
        match self {
            Self::Timeout(timeout) => timeout.after(waited),
            Self::Url(fault) => fault.into(),
            Self::Body(fault) => fault.into_error(waited),
            Self::Forbidden {
                address,
                special_use,
            } => EgressError::AddressDenied {
                origin: origin.to_owned(),
                address,
                special_use,
                file: config_file.to_owned(),
            },
            Self::Head(fault) => EgressError::Unreadable {
                origin: origin.to_owned(),
                source: fault.into(),
            },
            Self::Client(error) => EgressError::Failed {
                origin: origin.to_owned(),
                source: error.into(),
            },
        }
    }
}

/// What is wrong with a head, by a cause of the client's failure: what `heads` has said, or the parser.
fn head_fault(cause: &(dyn std::error::Error + 'static)) -> Option<HeadFault> {
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        let ours = error.get_ref().and_then(|inner| inner.downcast_ref());
        return ours.cloned();
    }
    let error = cause.downcast_ref::<hyper::Error>()?;
    if error.is_parse_too_large() {
        return Some(HeadFault::TooLong);
    }
    error
        .is_parse()
        .then(|| HeadFault::Unreadable(error.to_string()))
}

/// Sends a request and waits for its response's head.
pub(super) async fn send(
    client: &HttpClient,
    outgoing: Outgoing,
    times: ExchangeTimes,
    max_request_bytes: u64,
    scope: &Arc<CallScope>,
    record: &mut CallRecord,
) -> Result<Response<Incoming>, ExchangeFault> {
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
    *request.uri_mut() = headers::target(&outgoing.url).map_err(ExchangeFault::Url)?;
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
        if let Some(dialed) = dial_times(&connection) {
            record.connected(dialed);
        }
        let answered = match at_once {
            Some(answered) => answered,
            None => tokio::time::timeout(times.first_byte.time, answered)
                .await
                .map_err(|_| ExchangeFault::Timeout(Timeout::FirstByte(times.first_byte.owner)))?,
        };
        answered.map_err(ExchangeFault::of_client)
    };
    let response = tokio::time::timeout_at(times.deadline.at, answered)
        .await
        .map_err(|_| ExchangeFault::Timeout(Timeout::Deadline(times.deadline.reason)))??;
    phases.enter(CallPhase::Body);
    record.answered(response.status().as_u16());
    let lines = response.headers().iter();
    let head_bytes: usize = lines
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if head_bytes > MAX_HEAD_BYTES as usize {
        return Err(ExchangeFault::Head(HeadFault::TooLong));
    }
    Ok(response)
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
        .map_err(|_| ExchangeFault::Timeout(Timeout::Connect(TimeoutOwner::Request)))
}

fn dial_times(connection: &CaptureConnection) -> Option<DialTimes> {
    let mut extras = http::Extensions::new();
    connection
        .connection_metadata()
        .as_ref()?
        .get_extras(&mut extras);
    extras.get().copied()
}

#[cfg(test)]
mod tests;
