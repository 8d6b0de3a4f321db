//! An outgoing request: its parts are checked, its target is not.

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::combinators::UnsyncBoxBody;

use super::call_target::CallTarget;

/// Why a body ended prematurely, on either side.
pub(super) type TransferError = Box<dyn std::error::Error + Send + Sync>;

/// A request whose parts are checked. Whether it may be sent to its URL is not checked yet.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) target: CallTarget,
    pub(super) headers: HeaderMap,
    pub(super) body: OutgoingBody,
}

/// A request's body before its limits apply.
pub(super) enum OutgoingBody {
    /// Empty if there is no body.
    Whole(Bytes),
    Streamed(StreamedBody),
}

/// A request's body that the guest writes while it is sent.
pub(crate) struct StreamedBody {
    pub(crate) body: UnsyncBoxBody<Bytes, TransferError>,
    /// As the guest announced it.
    pub(crate) length: Option<u64>,
}

impl Outgoing {
    /// A copy of the request; `None` if its body is a stream, which can be sent only once.
    pub(super) fn copy(&self) -> Option<Self> {
        let OutgoingBody::Whole(body) = &self.body else {
            return None;
        };
        Some(Self {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.clone(),
            body: OutgoingBody::Whole(body.clone()),
        })
    }
}
