//! The bytes of a response as they come over the wire, before they are decoded and counted.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::Sleep;

use super::byte_counter::ByteCounter;
use super::outgoing::TransferError;
use super::piece_reader::PieceSource;

/// Why a body is cut off as it arrives.
#[derive(Debug, thiserror::Error)]
pub(super) enum CutReason {
    #[error("no data arrived in time")]
    Idle,
    #[error("the response is larger than its limit")]
    TooLong,
}

/// The pieces of a body as they come over the wire, none too long after the one before.
pub(super) struct WirePieces {
    body: Pin<Box<dyn Body<Data = Bytes, Error = TransferError> + Send>>,
    /// How many bytes may still come; `None` if more are announced than may come.
    left: Option<u64>,
    idle: Duration,
    /// Runs while a piece is awaited.
    waiting: Option<Pin<Box<Sleep>>>,
    wire_bytes: ByteCounter,
}

impl WirePieces {
    pub(super) fn new<B>(body: B, idle: Duration, max_bytes: u64, wire_bytes: ByteCounter) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<TransferError>,
    {
        Self {
            left: (body.size_hint().lower() <= max_bytes).then_some(max_bytes),
            body: Box::pin(body.map_err(Into::into)),
            idle,
            waiting: None,
            wire_bytes,
        }
    }
}

impl PieceSource for WirePieces {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            let Some(left) = self.left else {
                return Poll::Ready(Some(Err(io::Error::other(CutReason::TooLong))));
            };
            let Poll::Ready(frame) = self.body.as_mut().poll_frame(context) else {
                let idle = self.idle;
                let waiting = self
                    .waiting
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
                ready!(waiting.as_mut().poll(context));
                return Poll::Ready(Some(Err(io::Error::other(CutReason::Idle))));
            };
            self.waiting = None;
            return Poll::Ready(match frame {
                None => None,
                Some(Err(error)) => Some(Err(io::Error::other(error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.wire_bytes.add(data.len());
                        let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
                        self.left = left.checked_sub(length);
                        if self.left.is_none() {
                            continue;
                        }
                        Some(Ok(data))
                    }
                    Err(_trailers) => continue,
                },
            });
        }
    }
}
