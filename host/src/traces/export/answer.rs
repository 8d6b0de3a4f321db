//! What the collector says to a batch.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use prost::Message;

use super::message::ExportResponse;
use crate::report;

/// The longest time that a collector can keep the host from sending.
pub(super) const MAX_QUIET: Duration = Duration::from_secs(5 * 60);

/// The longest message of a collector that the log shows, in bytes.
const SHOWN_BYTES: usize = 300;

/// A batch was taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CollectorAnswer {
    /// How many of its spans were refused.
    pub(super) rejected: usize,
    /// Why, in the collector's words; empty if it says nothing.
    pub(super) message: String,
}

/// A batch was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExportFault {
    /// The collector answered with a failure.
    #[error("it answered with status {status}")]
    Status {
        status: StatusCode,
        /// When to try again, if the collector says so.
        retry_after: Option<Duration>,
    },
    /// There was no answer in time.
    #[error("it did not answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The connection failed.
    #[error("it could not be reached")]
    Connection(#[source] hyper_util::client::legacy::Error),
    /// The answer broke off.
    #[error("its answer broke off")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ExportFault {
    /// Whether another try may succeed, by the rules of OTLP.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status.as_u16(), 429 | 502 | 503 | 504),
            // The spans may have been taken.
            Self::Body(_) => false,
            Self::Timeout(_) | Self::Connection(_) => true,
        }
    }

    /// The wait before the batch is sent again: at least `pause`, and as long as the collector asks for.
    pub(super) fn wait(&self, pause: Duration) -> Duration {
        self.asked_wait().map_or(pause, |asked| asked.max(pause))
    }

    /// The wait before the next batch is sent if this one is given up: as long as the collector asks for, but at most
    /// [`MAX_QUIET`].
    pub(super) fn quiet(&self) -> Duration {
        self.asked_wait().unwrap_or_default().min(MAX_QUIET)
    }

    /// The wait that the collector asks for, if it does.
    fn asked_wait(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl CollectorAnswer {
    /// Reads the body of a successful answer. One that can't be read says nothing.
    pub(super) fn read(body: &[u8]) -> Self {
        let partial = ExportResponse::decode(body)
            .ok()
            .and_then(|response| response.partial_success)
            .unwrap_or_default();
        Self {
            rejected: usize::try_from(partial.rejected_spans).unwrap_or(0),
            message: report::escaped(&report::shortened(&partial.error_message, SHOWN_BYTES)),
        }
    }
}

/// The number of seconds in `Retry-After`; a date is not worth reading here.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}
