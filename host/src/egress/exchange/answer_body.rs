//! The body of an answer as it comes over its connection, which is told when it was read to its end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Response, Version, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::egress::liveness::ConnectionLife;

/// The body of an answer.
pub(in crate::egress) struct AnswerBody {
    body: Incoming,
    /// Of its connection, until it was read to its end. `None` for HTTP/2.
    life: Option<Arc<ConnectionLife>>,
}

/// The answer, whose connection has this life.
pub(super) fn tagged(
    response: Response<Incoming>,
    life: Option<Arc<ConnectionLife>>,
) -> Response<AnswerBody> {
    if let Some(life) = &life
        && says_it_is_last(&response)
    {
        life.is_announced_to_end();
    }
    response.map(|body| {
        let mut body = AnswerBody { body, life };
        if body.body.is_end_stream() {
            body.end();
        }
        body
    })
}

/// Whether the connection closes after this answer, by its head: as it says, or because nothing else ends the body.
fn says_it_is_last(response: &Response<Incoming>) -> bool {
    let headers = response.headers();
    response.version() != Version::HTTP_11
        || closes(headers)
        || !(response.body().is_end_stream()
            || headers.contains_key(header::CONTENT_LENGTH)
            || headers.contains_key(header::TRANSFER_ENCODING))
}

fn closes(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONNECTION).iter().any(|value| {
        let mut options = value.as_bytes().split(|byte| *byte == b',');
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
    })
}

impl AnswerBody {
    fn end(&mut self) {
        if let Some(life) = self.life.take() {
            life.answered();
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            None => self.end(),
            // A length that is announced ends with its last piece, after which nobody may ask.
            Some(Ok(_)) if self.body.is_end_stream() => self.end(),
            // It is not idle, and never will be.
            Some(Err(_)) => self.life = None,
            Some(Ok(_)) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
