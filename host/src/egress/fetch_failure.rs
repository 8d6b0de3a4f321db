//! A failed request as a connector gets it: the contract's `http-error`, as a plain value.

use std::time::Duration;

use super::error::EgressError;

/// Why a connector gets no response. Texts have all causes, but no path of the host and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FetchFailure {
    /// No rule permits the request.
    Denied(String),
    /// The request is malformed or too large.
    Invalid(String),
    /// The host could not obtain its credential.
    Credentials(String),
    /// The exchange or the page ran out of time.
    Timeout,
    /// The response is larger than `limits.response-size`.
    TooLarge,
    /// The page has used up its calls or bytes, or the host has no memory left for it.
    OverLimit(String),
    /// The API is out of service or its quota is used up, for so many milliseconds at least, if that is known.
    Unavailable(Option<u32>),
    /// Name resolution, connection, TLS or transfer failed.
    Failed(String),
}

impl From<&EgressError> for FetchFailure {
    fn from(error: &EgressError) -> Self {
        match error {
            EgressError::Denied { .. }
            | EgressError::AddressDenied { .. }
            | EgressError::BeyondPolicy { .. }
            | EgressError::AddressBeyondPolicy { .. }
            | EgressError::NoWasiHttp { .. } => Self::Denied(error.to_string()),
            EgressError::InvalidRequest { .. } | EgressError::RequestTooLarge { .. } => {
                Self::Invalid(error.told())
            }
            EgressError::Credentials(_) => Self::Credentials(error.told()),
            EgressError::TooManyCalls { .. }
            | EgressError::TooManyBytes { .. }
            | EgressError::OutOfMemory(_) => Self::OverLimit(error.to_string()),
            EgressError::QuotaSpent { wait, .. } | EgressError::OutOfService { wait, .. } => {
                Self::Unavailable(Some(milliseconds(*wait)))
            }
            EgressError::RateLimited { wait, .. } => Self::Unavailable(wait.map(milliseconds)),
            EgressError::Timeout { .. } => Self::Timeout,
            EgressError::ResponseTooLarge { .. } => Self::TooLarge,
            EgressError::Proxy { .. }
            | EgressError::Unreadable { .. }
            | EgressError::Failed { .. } => Self::Failed(error.told()),
        }
    }
}

impl FetchFailure {
    /// The message of an error for which the contract has no text; `None` if it has one.
    pub(crate) fn untold(error: &EgressError) -> Option<String> {
        match Self::from(error) {
            Self::Timeout | Self::TooLarge | Self::Unavailable(_) => Some(error.told()),
            Self::Denied(_)
            | Self::Invalid(_)
            | Self::Credentials(_)
            | Self::OverLimit(_)
            | Self::Failed(_) => None,
        }
    }
}

/// Rounded up, so that a caller who waits this long doesn't come too early.
fn milliseconds(wait: Duration) -> u32 {
    let rounded = wait.saturating_add(Duration::from_nanos(999_999));
    u32::try_from(rounded.as_millis()).unwrap_or(u32::MAX)
}
