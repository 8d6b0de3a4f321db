//! An answer's body in pieces, each of which is handed over when the ones before have been written.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::super::delivery::Outbox;
use super::super::places::ConnectionPlace;
use super::flight::{AHEAD_BYTES, AnswerFlight, AnswerPiece};

/// An answer up to this size is one piece.
const SMALL_BYTES: u64 = 16 << 10;

/// A body of which no more than a few pieces are on their way. The end of a large one is a piece of one byte, handed over
/// when everything else has been written. So a stream whose client reads nothing can
/// be reset at any time.
pub(super) struct PacedBody {
    body: Body,
    /// What the body has yielded, but has not been handed over.
    rest: Bytes,
    is_small: bool,
    /// The answer's receipts, once the body has yielded its last part.
    staged: Outbox,
    flight: Arc<AnswerFlight>,
    /// Held as long as the answer is.
    _place: ConnectionPlace,
}

impl PacedBody {
    /// The pieces of a body that puts its receipts into `staged`.
    pub(super) fn new(
        body: Body,
        staged: Outbox,
        flight: Arc<AnswerFlight>,
        place: ConnectionPlace,
    ) -> Self {
        let size = http_body::Body::size_hint(&body).upper();
        Self {
            is_small: size.is_some_and(|size| size <= SMALL_BYTES),
            body,
            rest: Bytes::new(),
            staged,
            flight,
            _place: place,
        }
    }

    /// Fills `rest`, which is empty. Ready with `false` at the end of the body.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, axum::Error>> {
        while self.rest.is_empty() {
            let frame = http_body::Body::poll_frame(Pin::new(&mut self.body), context);
            match ready!(frame).transpose()? {
                None => return Poll::Ready(Ok(false)),
                // There are no trailers.
                Some(frame) => self.rest = frame.into_data().unwrap_or_default(),
            }
        }
        Poll::Ready(Ok(true))
    }

    /// The size of the next piece, and how much may be on its way when it is handed over.
    fn next_piece(&self) -> (usize, usize) {
        let bytes = self.rest.len();
        let is_last = http_body::Body::is_end_stream(&self.body);
        if !is_last || bytes > AHEAD_BYTES {
            return (bytes.min(AHEAD_BYTES), AHEAD_BYTES);
        }
        match bytes {
            _ if self.is_small => (bytes, AHEAD_BYTES),
            1 => (1, 0),
            _ => (bytes - 1, AHEAD_BYTES),
        }
    }
}

impl http_body::Body for PacedBody {
    type Data = AnswerPiece;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<AnswerPiece>, axum::Error>>> {
        let body = &mut *self;
        // With its last part, the body reports that the page is being delivered, and no other request finds it. So each part
        // of a large answer is taken only when the one before has been written.
        if body.rest.is_empty() && !body.is_small && !body.flight.has_room(0, context) {
            return Poll::Pending;
        }
        if !ready!(body.poll_more(context))? {
            return Poll::Ready(None);
        }
        let (bytes, ahead) = body.next_piece();
        if !body.flight.has_room(ahead, context) {
            return Poll::Pending;
        }
        let piece = body.rest.split_to(bytes);
        let receipts = if http_body::Body::is_end_stream(body) {
            body.staged.take()
        } else {
            Vec::new()
        };
        let piece = body.flight.piece(piece, receipts);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && http_body::Body::is_end_stream(&self.body)
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = http_body::Body::size_hint(&self.body);
        let rest = self.rest.len() as u64;
        match hint.exact() {
            Some(bytes) => hint = SizeHint::with_exact(bytes.saturating_add(rest)),
            None => hint.set_lower(hint.lower().saturating_add(rest)),
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use bytes::Buf;
    use http_body_util::{BodyExt, Full};

    use super::super::super::places::ConnectionPlaces;
    use super::*;

    fn paced(body: impl Into<Bytes>) -> (PacedBody, Arc<AnswerFlight>) {
        let flight = AnswerFlight::new(Outbox::default());
        let body = Body::new(Full::new(body.into()));
        let place = {
            let places = ConnectionPlaces::new(1);
            places.place(&places.idle_entry())
        };
        (
            PacedBody::new(body, Outbox::default(), flight.clone(), place),
            flight,
        )
    }

    async fn next(body: &mut PacedBody) -> Option<AnswerPiece> {
        let frame = body.frame().await?.unwrap();
        Some(frame.into_data().unwrap())
    }

    fn is_pending(body: &mut PacedBody) -> bool {
        let mut context = Context::from_waker(std::task::Waker::noop());
        http_body::Body::poll_frame(Pin::new(body), &mut context).is_pending()
    }

    #[tokio::test]
    async fn a_small_answer_is_one_piece() {
        let (mut body, _flight) = paced("small");
        assert_eq!(http_body::Body::size_hint(&body).exact(), Some(5));
        assert_eq!(next(&mut body).await.unwrap().remaining(), 5);
        assert!(http_body::Body::is_end_stream(&body));
        assert!(next(&mut body).await.is_none());
    }

    #[tokio::test]
    async fn pieces_wait_for_the_ones_before() {
        let (mut body, _flight) = paced(vec![7; 3 * AHEAD_BYTES]);
        let mut first = next(&mut body).await.unwrap();
        let mut second = next(&mut body).await.unwrap();
        assert_eq!(
            (first.remaining(), second.remaining()),
            (AHEAD_BYTES, AHEAD_BYTES)
        );
        assert!(is_pending(&mut body));
        first.advance(AHEAD_BYTES);
        let mut third = next(&mut body).await.unwrap();
        assert_eq!(third.remaining(), AHEAD_BYTES - 1);
        assert!(!http_body::Body::is_end_stream(&body));
        second.advance(AHEAD_BYTES);
        third.advance(AHEAD_BYTES - 2);
        assert!(is_pending(&mut body), "a byte is left before the last one");
        third.advance(1);
        assert_eq!(next(&mut body).await.unwrap().remaining(), 1);
        assert!(http_body::Body::is_end_stream(&body));
    }
}
