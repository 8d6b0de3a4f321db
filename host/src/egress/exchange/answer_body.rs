//! The body of an answer as it comes over its connection, which learns when the body was read to its end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Response, Version, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::egress::codings;
use crate::egress::liveness::ConnectionLife;
use crate::egress::outgoing::TransferError;

/// The body of an answer ends before its announced length.
#[derive(Debug, thiserror::Error)]
#[error(
    "the connection was closed before the end of the body: {0} bytes of its content-length are missing"
)]
struct ShortFault(u64);

/// The body of an answer.
pub(in crate::egress) struct AnswerBody {
    body: Incoming,
    /// The life of its connection, until the body was read to its end. `None` for HTTP/2.
    life: Option<Arc<ConnectionLife>>,
    /// The rest of a length that the client ignores.
    left: Option<u64>,
}

/// The answer over a connection with this life.
pub(super) fn tagged(
    mut response: Response<Incoming>,
    life: Option<Arc<ConnectionLife>>,
) -> Response<AnswerBody> {
    let left = bare_length(&mut response);
    if let Some(life) = &life
        && (left.is_some() || says_it_is_last(&response))
    {
        life.is_announced_to_end();
    }
    response.map(|body| {
        let mut body = AnswerBody { body, life, left };
        if body.body.is_end_stream() {
            body.end();
        }
        body
    })
}

/// The length of a body that has no transfer-coding although its head has the header: it is empty, or `identity`,
/// which is not a coding. The client then reads to the end of the connection and ignores the length. The header is
/// removed.
fn bare_length(response: &mut Response<Incoming>) -> Option<u64> {
    let headers = response.headers();
    // If the client knows the length, it has seen no transfer-encoding.
    if response.body().size_hint().exact().is_some() || !codings::is_bare(headers) {
        return None;
    }
    let length = codings::length(headers)?;
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    Some(length)
}

/// Whether the connection closes after this answer, according to its head: because the head says so, or because
/// nothing else ends the body.
fn says_it_is_last(response: &Response<Incoming>) -> bool {
    let headers = response.headers();
    response.version() != Version::HTTP_11
        || closes(headers)
        || !(response.body().size_hint().exact().is_some()
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
    /// Reads as far as the length says; the connection is not reused.
    fn poll_bounded(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransferError>>> {
        let left = self.left.unwrap_or(0);
        if left == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => Err(ShortFault(left).into()),
                Some(Err(error)) => Err(error.into()),
                Some(Ok(frame)) => Ok(frame.map_data(|mut data| {
                    data.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                    let taken = u64::try_from(data.len()).unwrap_or(u64::MAX);
                    self.left = Some(left.saturating_sub(taken));
                    data
                })),
            },
        ))
    }

    fn end(&mut self) {
        if let Some(life) = self.life.take() {
            life.answered();
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = TransferError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransferError>>> {
        if self.left.is_some() {
            return self.poll_bounded(context);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            None => self.end(),
            // A body with an announced length ends with its last piece, and may not be polled after that.
            Some(Ok(_)) if self.body.is_end_stream() => self.end(),
            // The connection is not idle, and never will be.
            Some(Err(_)) => self.life = None,
            Some(Ok(_)) => {}
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0) || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(|| self.body.size_hint(), SizeHint::with_exact)
    }
}
