//! Builds HTTP responses.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http_body::{Frame, SizeHint};
use weld_protocol::{PENDING_HEADER, WAITS_FOR_HEADER};

use super::compression::Texts;
use super::delivery::Outbox;
use crate::encoding::ContentEncoding;
use crate::pages::{PageAnswer, Receipt};

/// JSON in several pieces, sent one after the other, with their total length known from the start. A page's rows are
/// one piece: they go to the socket from the buffer that holds the guest's string, without another copy.
struct JsonPieces {
    left: VecDeque<Bytes>,
    /// Where the receipt goes once all pieces are handed over.
    receipt: Option<(Receipt, Outbox)>,
}

impl http_body::Body for JsonPieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.left.pop_front();
        if self.left.is_empty()
            && let Some((receipt, outbox)) = self.receipt.take()
        {
            outbox.put(receipt);
        }
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.iter().map(|piece| piece.len() as u64).sum())
    }
}

/// A JSON text as a response of status 200.
pub(super) fn json(text: impl Into<Bytes>) -> Response {
    pieces([text.into()], None)
}

/// A schema or a page in this encoding. Each client may get another encoding of the same answer.
pub(super) fn with_encoding(mut response: Response, encoding: Option<ContentEncoding>) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        let name = HeaderValue::from_static(encoding.label());
        headers.insert(header::CONTENT_ENCODING, name);
    }
    response
}

/// A schema.
pub(super) fn schema(texts: Texts) -> Response {
    pieces(texts, None)
}

/// A page, or the answer that there is none yet.
pub(super) fn page(answer: PageAnswer, outbox: Outbox) -> Response {
    let mut response = pieces(
        answer.chunks,
        answer.receipt.map(|receipt| (receipt, outbox)),
    );
    let headers = response.headers_mut();
    if let Some(pending) = answer.pending {
        headers.insert(
            HeaderName::from_static(PENDING_HEADER),
            HeaderValue::from_static(pending.as_str()),
        );
    }
    if let Some(wait) = answer.waits_for
        && let Ok(text) = HeaderValue::try_from(wait.to_string())
    {
        headers.insert(HeaderName::from_static(WAITS_FOR_HEADER), text);
    }
    response
}

fn pieces(pieces: impl IntoIterator<Item = Bytes>, receipt: Option<(Receipt, Outbox)>) -> Response {
    let left = pieces
        .into_iter()
        .filter(|piece| !piece.is_empty())
        .collect();
    let mut response = Response::new(Body::new(JsonPieces { left, receipt }));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    // Rows are private, and a schema in a proxy's cache would outlive its connector.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
