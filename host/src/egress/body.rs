//! A response's body as it comes: decompressed, and bounded in size and time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::decode::{PieceReader, PieceSource, decoder};
use super::error::{EgressError, Timeout};
use super::outgoing::TransferError;
use super::record::{ByteCounter, CallRecord};
use crate::encoding::ContentEncoding;
use crate::scope::{CallScope, Deadline};
use crate::secrets::Replacer;

/// How much is decompressed at a time.
const PIECE_BYTES: usize = 16 << 10;

/// How many times as long as its content may become, beside [`PADDING_BYTES`], a compressed body may be. Flushed for each
/// row it is a little longer than what it holds; one past this is padding, which could go on without ever becoming a
/// byte that counts.
const PADDED: u64 = 2;
const PADDING_BYTES: u64 = 64 << 10;

/// What holds for one body.
pub(super) struct BodyLimits {
    pub(super) max_bytes: u64,
    pub(super) idle: Duration,
    pub(super) deadline: Deadline,
    pub(super) scope: Arc<CallScope>,
}

/// The body of a response. The exchange's log line is written when it ends or is dropped.
pub(crate) struct ResponseBody {
    source: BodySource,
    /// None where there are no secrets to take out.
    replacer: Option<Replacer>,
    limits: BodyLimits,
    /// Of `limits.max_bytes`.
    left: u64,
    /// Made when the body is first waited for.
    time: Option<Pin<Box<Sleep>>>,
    record: CallRecord,
}

enum BodySource {
    Plain(PieceReader<WirePieces>),
    /// Decompressed once a byte has come.
    Coded(ContentEncoding, PieceReader<WirePieces>),
    Decoded(Pin<Box<dyn AsyncRead + Send>>),
    Ended,
}

impl ResponseBody {
    pub(super) fn new<B>(
        body: B,
        encoding: Option<ContentEncoding>,
        replacer: Option<Replacer>,
        limits: BodyLimits,
        record: CallRecord,
    ) -> Self
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<TransferError>,
    {
        let max_wire_bytes = match encoding {
            None => limits.max_bytes,
            Some(_) => limits
                .max_bytes
                .saturating_mul(PADDED)
                .saturating_add(PADDING_BYTES),
        };
        let pieces = WirePieces::new(body, limits.idle, max_wire_bytes, record.wire_bytes());
        let reader = PieceReader::new(pieces);
        Self {
            source: match encoding {
                None => BodySource::Plain(reader),
                Some(encoding) => BodySource::Coded(encoding, reader),
            },
            replacer,
            left: limits.max_bytes,
            limits,
            time: None,
            record,
        }
    }

    /// Reads the body to its end.
    pub(super) async fn whole(mut self) -> Result<Vec<u8>, EgressError> {
        let mut bytes = Vec::new();
        while let Some(frame) = self.frame().await {
            if let Ok(piece) = frame?.into_data() {
                bytes.extend_from_slice(&piece);
            }
            // A few compressed bytes become many pieces, and no wait stands between them.
            tokio::task::coop::consume_budget().await;
        }
        Ok(bytes)
    }

    /// Leaves the rest unread: the response leads to another request.
    pub(super) fn set_aside(mut self) {
        self.record.succeed();
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        loop {
            match &mut self.source {
                BodySource::Ended => return Poll::Ready(Ok(None)),
                BodySource::Plain(reader) => return reader.poll_piece(context),
                BodySource::Decoded(decoder) => {
                    let mut piece = [0; PIECE_BYTES];
                    let mut buffer = ReadBuf::new(&mut piece);
                    ready!(decoder.as_mut().poll_read(context, &mut buffer))?;
                    let filled = buffer.filled();
                    let piece = (!filled.is_empty()).then(|| Bytes::copy_from_slice(filled));
                    return Poll::Ready(Ok(piece));
                }
                BodySource::Coded(encoding, reader) => {
                    if !ready!(reader.poll_began(context))? {
                        return Poll::Ready(Ok(None));
                    }
                    let encoding = *encoding;
                    if let BodySource::Coded(_, reader) =
                        std::mem::replace(&mut self.source, BodySource::Ended)
                    {
                        self.source = BodySource::Decoded(decoder(encoding, reader));
                    }
                }
            }
        }
    }

    fn count(&mut self, piece: &Bytes) -> Result<(), EgressError> {
        let bytes = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.left = self
            .left
            .checked_sub(bytes)
            .ok_or_else(|| self.too_large())?;
        self.limits.scope.network.take_bytes(piece.len())?;
        self.record.received(bytes);
        Ok(())
    }

    fn failure(&self, error: io::Error) -> EgressError {
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(CutReason::Idle) => EgressError::Timeout(Timeout::Idle),
            Some(CutReason::TooLong) => self.too_large(),
            None => EgressError::Failed {
                origin: self.record.origin().to_owned(),
                source: error.into(),
            },
        }
    }

    fn too_large(&self) -> EgressError {
        EgressError::ResponseTooLarge {
            limit_bytes: self.limits.max_bytes,
        }
    }

    /// Asks the clock too: a body that always has more never lets a timer run.
    fn poll_time(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.limits.deadline.at;
        if Instant::now() >= deadline {
            return Poll::Ready(());
        }
        let time = self
            .time
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        time.as_mut().poll(context)
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = EgressError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, EgressError>>> {
        let this = self.get_mut();
        let polled = loop {
            let polled = match this.poll_piece(context) {
                Poll::Ready(Ok(None)) => Ok(None),
                Poll::Ready(Err(error)) => Err(this.failure(error)),
                more => match (this.poll_time(context), more) {
                    (Poll::Ready(()), _) => Err(EgressError::Timeout(Timeout::Deadline(
                        this.limits.deadline.reason,
                    ))),
                    (Poll::Pending, Poll::Ready(Ok(Some(piece)))) => {
                        this.count(&piece).map(|()| Some(piece))
                    }
                    (Poll::Pending, _) => return Poll::Pending,
                },
            };
            let Some(replacer) = &mut this.replacer else {
                break polled;
            };
            match polled {
                Ok(Some(piece)) => {
                    let piece = replacer.push(&piece);
                    // All of it may be the beginning of a secret.
                    if !piece.is_empty() {
                        break Ok(Some(piece));
                    }
                }
                Ok(None) => {
                    let rest = replacer.finish();
                    this.replacer = None;
                    this.source = BodySource::Ended;
                    break Ok((!rest.is_empty()).then_some(rest));
                }
                Err(error) => break Err(error),
            }
        };
        Poll::Ready(match polled {
            Ok(Some(piece)) => Some(Ok(Frame::data(piece))),
            Ok(None) => {
                this.source = BodySource::Ended;
                this.record.succeed();
                None
            }
            Err(error) => {
                this.source = BodySource::Ended;
                this.record.fail(&error);
                Some(Err(error))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.source, BodySource::Ended) && self.replacer.is_none()
    }
}

/// Why a body is cut off before any of it counts.
#[derive(Debug, thiserror::Error)]
enum CutReason {
    #[error("nothing came for too long")]
    Idle,
    #[error("more came than the response may have")]
    TooLong,
}

/// The pieces of a body as they come over the wire, none too long after the one before.
struct WirePieces {
    body: Pin<Box<dyn Body<Data = Bytes, Error = TransferError> + Send>>,
    /// What may still come; none where more is announced than may come.
    left: Option<u64>,
    idle: Duration,
    /// Runs while a piece is waited for.
    waiting: Option<Pin<Box<Sleep>>>,
    wire_bytes: ByteCounter,
}

impl WirePieces {
    fn new<B>(body: B, idle: Duration, max_bytes: u64, wire_bytes: ByteCounter) -> Self
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

#[cfg(test)]
mod tests;
