//! What the failure of an exchange means for another try.

use std::error::Error;
use std::io;

use super::break_fault::{StaleFault, UnbegunFault};
use super::codings::CodingFault;
use super::decoders::WindowFault;
use super::dial_fault::DialFault;
use super::error::EgressError;
use super::timeout::Timeout;
use super::tls_fault::TlsFault;
use crate::account::MemoryError;
use crate::scope::DeadlineReason;

/// How a request failed, for the decision about another try and for the decision whether the API is out of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// The API has not begun to process it, so it can be sent again whatever it asks for.
    Unbegun,
    /// A reused connection was closed without an answer, as happens after a long idle time. It is unknown whether the
    /// request was carried out, but this says nothing about the next try.
    Stale,
    /// There was no connection, or it broke. This may pass.
    Passing,
    /// The two sides don't understand each other, and another try would not change that. The API is reachable,
    /// though.
    Lasting,
}

impl FailureKind {
    /// The kind of this error; `None` if the caller's own time or limit ended the request.
    pub(super) fn of(error: &EgressError) -> Option<Self> {
        match error {
            EgressError::Failed { source, .. } => Some(Self::of_cause(source.as_ref())),
            EgressError::Unreadable { .. } => Some(Self::Lasting),
            EgressError::Proxy { source, .. } if source.is_lasting() => Some(Self::Lasting),
            EgressError::Proxy { .. } => Some(Self::Passing),
            EgressError::Timeout {
                // From here, a body that stalls looks like one that breaks.
                limit: Timeout::Connect(_) | Timeout::Idle(_),
                ..
            } => Some(Self::Passing),
            _ => None,
        }
    }

    fn of_cause(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(cause) = next {
            if cause.is::<UnbegunFault>() {
                return Self::Unbegun;
            }
            if cause.is::<StaleFault>() {
                return Self::Stale;
            }
            if is_lasting(cause) {
                return Self::Lasting;
            }
            if let Some(error) = cause.downcast_ref::<h2::Error>() {
                return Self::of_http2(error);
            }
            next = match cause.downcast_ref::<io::Error>() {
                // Its `source` skips the inner error itself.
                Some(error) => error.get_ref().map(|inner| inner as _),
                None => cause.source(),
            };
        }
        Self::Passing
    }

    fn of_http2(error: &h2::Error) -> Self {
        // A server that goes away names the last request that it has begun; only later ones fail with this error.
        let is_unbegun = error.reason() == Some(h2::Reason::REFUSED_STREAM) || error.is_go_away();
        if error.is_remote() && is_unbegun {
            return Self::Unbegun;
        }
        match error.reason() {
            Some(
                h2::Reason::PROTOCOL_ERROR
                | h2::Reason::FRAME_SIZE_ERROR
                | h2::Reason::COMPRESSION_ERROR
                | h2::Reason::INADEQUATE_SECURITY
                | h2::Reason::HTTP_1_1_REQUIRED,
            ) => Self::Lasting,
            _ => Self::Passing,
        }
    }
}

impl EgressError {
    /// Whether the same request may succeed later although nobody has changed anything. A name that doesn't exist
    /// looks like one that can't be resolved for now: the system's resolver doesn't say which it is.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Denied { .. }
            | Self::AddressDenied { .. }
            | Self::BeyondPolicy { .. }
            | Self::AddressBeyondPolicy { .. }
            | Self::NoWasiHttp { .. }
            | Self::InvalidRequest { .. }
            | Self::RequestTooLarge { .. }
            | Self::ResponseTooLarge { .. }
            | Self::TooManyCalls { .. }
            | Self::TooManyBytes { .. }
            | Self::OutOfMemory(MemoryError::Connector(_)) => false,
            Self::OutOfMemory(MemoryError::Total(_))
            | Self::QuotaSpent { .. }
            | Self::RateLimited { .. }
            | Self::OutOfService { .. } => true,
            Self::Credentials(error) => error.is_temporary(),
            Self::Timeout { limit, .. } => match limit {
                Timeout::Connect(_) | Timeout::FirstByte(_) | Timeout::Idle(_) => true,
                Timeout::Deadline(bound) => match bound.reason {
                    DeadlineReason::Total | DeadlineReason::Request => true,
                    // The next page would take as long.
                    DeadlineReason::PageTimeout
                    | DeadlineReason::AnswerWithin
                    | DeadlineReason::Invocation => false,
                },
            },
            Self::Proxy { source, .. } => !source.is_lasting(),
            Self::Unreadable { .. } | Self::Failed { .. } => {
                FailureKind::of(self) != Some(FailureKind::Lasting)
            }
        }
    }
}

fn is_lasting(cause: &(dyn Error + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return error.is_parse() || error.is_user();
    }
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        // A body that doesn't match its head. TLS has its own faults.
        let is_of_tls = error
            .get_ref()
            .is_some_and(|inner| inner.is::<rustls::Error>());
        return error.kind() == io::ErrorKind::InvalidData && !is_of_tls;
    }
    matches!(cause.downcast_ref(), Some(DialFault::Host(_)))
        || cause.is::<CodingFault>()
        || cause.is::<WindowFault>()
        || cause.is::<TlsFault>()
}
