//! Why a request of an operator is refused.

#[cfg(test)]
mod texts;

use std::time::Duration;

use weld_protocol::ErrorKind;

use crate::attempts::TooManyAttempts;
use crate::config::{duration_text, wait_text};
use crate::connectors::ReloadError;
use crate::report::size_text;

/// Why a request of an operator is refused. It is answered in the form of all errors of the host.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdminRefusal {
    #[error(
        "the admin key is missing or wrong; send `Authorization: Bearer KEY` with the key set as WELD_ADMIN_KEY or by \
         --admin-key-file"
    )]
    Unauthorized,

    /// The right key is answered whatever other keys its client sends.
    #[error(
        "too many wrong admin keys have come from this address: wait {} before you send another one; the right key is \
         answered at once", wait_text(.0.retry_after)
    )]
    TooManyAttempts(TooManyAttempts),

    /// See `ApiError::ForeignHost`: a web page can make a browser on this machine send requests.
    #[error(
        "without a key, the admin listener answers only requests to localhost; set WELD_ADMIN_KEY"
    )]
    ForeignHost,

    #[error(
        "without a key, the admin listener refuses requests from web pages (see `Origin` and `Sec-Fetch-Site`); set \
         WELD_ADMIN_KEY"
    )]
    ForeignOrigin,

    #[error(
        "there is nothing at this path; the admin listener has /healthz, /readyz, /metrics, /connectors, /reload and /log"
    )]
    NotFound,

    #[error("the method is not allowed; use {allowed}")]
    Method {
        /// The allowed methods, separated by commas.
        allowed: &'static str,
    },

    #[error("`{0}` is not a level; send error, warn, info or debug")]
    Level(String),

    #[error(
        "the log was set up by the program that runs this host, which alone can change its level"
    )]
    NoLog,

    #[error("this host records no metrics")]
    NoMetrics,

    #[error("making the answer was interrupted; the log may say why")]
    Interrupted,

    #[error("the body is larger than {}", size_text(*limit_bytes))]
    BodyTooLarge { limit_bytes: u64 },

    #[error("the body did not arrive within {}", duration_text(*limit))]
    BodyTimeout { limit: Duration },

    #[error("the body was cut off before its end")]
    BodyCut,

    #[error(transparent)]
    Reload(#[from] ReloadError),
}

impl AdminRefusal {
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Unauthorized | Self::ForeignHost => ErrorKind::Unauthorized,
            Self::TooManyAttempts(_) => ErrorKind::TooManyAttempts,
            Self::ForeignOrigin => ErrorKind::ForeignOrigin,
            Self::NotFound | Self::NoLog | Self::NoMetrics => ErrorKind::NotFound,
            Self::Method { .. } => ErrorKind::MethodNotAllowed,
            Self::Interrupted => ErrorKind::Internal,
            Self::Level(_) | Self::BodyCut => ErrorKind::BadRequest,
            Self::BodyTooLarge { .. } => ErrorKind::BodyTooLarge,
            Self::BodyTimeout { .. } => ErrorKind::Timeout,
            Self::Reload(ReloadError::Ended) => ErrorKind::ShuttingDown,
            Self::Reload(ReloadError::Full) => ErrorKind::Busy,
        }
    }
}
