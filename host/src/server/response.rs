//! Answers on the wire.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http_body::{Frame, SizeHint};
use weld_protocol::{PENDING_HEADER, PageText};

use crate::pages::Answer;

/// JSON in several pieces, sent one after the other with their length known from the start. A page's rows are such a
/// piece: they go to the socket from where the guest's string was put, without being copied once more.
struct Pieces(VecDeque<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

/// A JSON text as a response of status 200.
pub(super) fn json(text: String) -> Response {
    pieces(VecDeque::from([Bytes::from(text)]))
}

/// A page, or the answer that there is none yet.
pub(super) fn page(answer: Answer) -> Response {
    let pending = answer.pending;
    let mut response = pieces(chunks(answer.text));
    if let Some(pending) = pending {
        response.headers_mut().insert(
            HeaderName::from_static(PENDING_HEADER),
            HeaderValue::from_static(pending.as_str()),
        );
    }
    response
}

fn chunks(text: PageText) -> VecDeque<Bytes> {
    text.into_chunks()
        .into_iter()
        .filter(|chunk| !chunk.is_empty())
        .map(Bytes::from)
        .collect()
}

fn pieces(pieces: VecDeque<Bytes>) -> Response {
    let mut response = Response::new(Body::new(Pieces(pieces)));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
