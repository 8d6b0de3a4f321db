//! One request and its response's head, on one connection.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::client::legacy::{self, Client as Pool};
use tokio::time::{Instant, Sleep};
use url::Url;

use super::connection::DialTimes;
use super::dial::{DialError, Dialler};
use super::error::{EgressError, Timeout};
use super::headers;
use super::quota::{OverQuota, PageQuota};
use super::record::{Counter, Record};

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
    pub(super) deadline: Instant,
    /// Whose deadline it is.
    pub(super) reason: Timeout,
}

/// Sends a request and waits for its response's head.
pub(super) async fn send(
    client: &Client,
    hop: Hop,
    times: Times,
    max_request_bytes: u64,
    page: &Arc<PageQuota>,
    record: &mut Record,
) -> Result<http::Response<Incoming>, EgressError> {
    let body = outgoing(
        hop.body,
        max_request_bytes,
        times,
        page,
        record.sent_bytes(),
    )?;
    let mut request = http::Request::new(body);
    *request.method_mut() = hop.method;
    *request.uri_mut() = headers::target(&hop.url)?;
    *request.headers_mut() = hop.headers;
    let connection = capture_connection(&mut request);
    let answered = answer(client, request, connection, times, record);
    match tokio::time::timeout_at(times.deadline, answered).await {
        Ok(Ok(response)) => {
            record.answered(response.status().as_u16());
            Ok(response)
        }
        Ok(Err(Failure::Timeout(timeout))) => Err(EgressError::Timeout(timeout)),
        Ok(Err(Failure::Client(error))) => Err(sort(error, record.origin())),
        Err(_) => Err(EgressError::Timeout(times.reason)),
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

/// The body as it is sent, within its caps.
fn outgoing(
    body: HopBody,
    max_bytes: u64,
    times: Times,
    page: &Arc<PageQuota>,
    sent: Counter,
) -> Result<UnsyncBoxBody<Bytes, Cause>, EgressError> {
    let too_large = |bytes: u64| {
        (bytes > max_bytes)
            .then_some(EgressError::RequestTooLarge {
                limit_bytes: max_bytes,
            })
            .map_or(Ok(()), Err)
    };
    match body {
        HopBody::Whole(bytes) => {
            too_large(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
            page.take_bytes(bytes.len())?;
            sent.add(bytes.len());
            Ok(Full::new(bytes)
                .map_err(|never| match never {})
                .boxed_unsync())
        }
        HopBody::Streamed(streamed) => {
            too_large(streamed.length.unwrap_or(0))?;
            Ok(Capped {
                streamed,
                left: max_bytes,
                max_bytes,
                time: Box::pin(tokio::time::sleep_until(times.deadline)),
                reason: times.reason,
                page: page.clone(),
                sent,
            }
            .boxed_unsync())
        }
    }
}

/// Why a stream was not sent to its end.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum BodyFault {
    #[error("the request is too large")]
    TooLarge { limit_bytes: u64 },
    #[error("the page has used up its bytes")]
    OverQuota { limit_bytes: u64 },
    #[error("the exchange ran out of time")]
    OutOfTime { reason: Timeout },
}

impl From<&BodyFault> for EgressError {
    fn from(fault: &BodyFault) -> Self {
        match *fault {
            BodyFault::TooLarge { limit_bytes } => Self::RequestTooLarge { limit_bytes },
            BodyFault::OverQuota { limit_bytes } => Self::TooManyBytes { limit_bytes },
            BodyFault::OutOfTime { reason } => Self::Timeout(reason),
        }
    }
}

struct Capped {
    streamed: StreamedBody,
    left: u64,
    max_bytes: u64,
    /// An upstream may answer before it has the whole request, and take the rest for as long as the guest writes.
    time: Pin<Box<Sleep>>,
    reason: Timeout,
    page: Arc<PageQuota>,
    sent: Counter,
}

impl Capped {
    fn count(&mut self, bytes: usize) -> Result<(), BodyFault> {
        let length = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or(BodyFault::TooLarge {
            limit_bytes: self.max_bytes,
        })?;
        self.page
            .take_bytes(bytes)
            .map_err(|OverQuota { limit_bytes }| BodyFault::OverQuota { limit_bytes })?;
        self.sent.add(bytes);
        Ok(())
    }
}

impl Body for Capped {
    type Data = Bytes;
    type Error = Cause;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cause>>> {
        let this = self.get_mut();
        loop {
            // The clock too: a guest that always has more never lets a timer run.
            let is_over = this.time.deadline() <= Instant::now()
                || this.time.as_mut().poll(context).is_ready();
            if is_over {
                let reason = this.reason;
                return Poll::Ready(Some(Err(BodyFault::OutOfTime { reason }.into())));
            }
            let frame = ready!(Pin::new(&mut this.streamed.body).poll_frame(context));
            return Poll::Ready(match frame {
                None => None,
                Some(Err(error)) => Some(Err(error)),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => Some(
                        this.count(data.len())
                            .map(|()| Frame::data(data))
                            .map_err(Into::into),
                    ),
                    // A guest's trailers could stand for headers that it may not set.
                    Err(_trailers) => continue,
                },
            });
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.streamed
            .length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests;
