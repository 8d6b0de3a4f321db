//! A response's body as it comes: decompressed, and bounded in size and time.

mod beginning;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep};

use self::beginning::Beginning;
use super::codings::Codings;
use super::decode::decoded;
use super::error::EgressError;
use super::memory::ExchangeMemory;
use super::outgoing::TransferError;
use super::phase::{CallPhase, PhaseTime};
use super::piece_reader::PieceReader;
use super::record::CallRecord;
use super::response_warnings::{OriginWarnings, ResponseWarnings};
use super::timeout::{TimeLimit, Timeout};
use super::wire_pieces::{CutReason, WirePieces};
use crate::account::{Charge, Holding};
use crate::scope::{CallScope, Deadline};
use crate::secrets::Replacer;

/// How much is decompressed at a time.
const PIECE_BYTES: usize = 16 << 10;

/// How much longer than its content a compressed body may be: this factor, plus [`PADDING_BYTES`]. A body that is
/// flushed after each row is slightly longer than its content. Anything beyond the limit is padding, which could
/// continue forever without producing a byte that counts.
const PADDED: u64 = 2;
const PADDING_BYTES: u64 = 64 << 10;

/// The limits of one body.
pub(super) struct BodyLimits {
    pub(super) max_bytes: u64,
    pub(super) idle: TimeLimit,
    pub(super) deadline: Deadline,
    pub(super) scope: Arc<CallScope>,
    pub(super) memory: ExchangeMemory,
    /// Receives the warnings about the body.
    pub(super) warnings: Arc<ResponseWarnings>,
}

/// The body of a response. The exchange's log line is written when it ends or is dropped.
pub(crate) struct ResponseBody {
    /// Read before the rest of the source.
    beginning: Beginning,
    source: BodySource,
    /// `None` if there are no secrets to remove.
    replacer: Option<Replacer>,
    limits: BodyLimits,
    /// The rest of `limits.max_bytes`.
    left: u64,
    /// Created when the body is first waited for.
    time: Option<Pin<Box<Sleep>>>,
    record: CallRecord,
    /// For the connection. `None` once the body has ended.
    charge: Option<Charge>,
}

enum BodySource {
    Plain(PieceReader<WirePieces>),
    Decoded(Pin<Box<dyn AsyncRead + Send>>),
    Ended,
}

impl ResponseBody {
    /// `charge` is for the connection under the body.
    pub(super) fn new<B>(
        body: B,
        codings: &Codings,
        replacer: Option<Replacer>,
        limits: BodyLimits,
        record: CallRecord,
        charge: Charge,
    ) -> Self
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<TransferError>,
    {
        let is_coded = !codings.series.is_empty();
        let max_wire_bytes = if is_coded {
            limits
                .max_bytes
                .saturating_mul(PADDED)
                .saturating_add(PADDING_BYTES)
        } else {
            limits.max_bytes
        };
        let pieces = WirePieces::new(body, limits.idle.time, max_wire_bytes, record.wire_bytes());
        let reader = PieceReader::new(pieces);
        Self {
            beginning: Beginning::default(),
            source: if is_coded {
                let warnings = OriginWarnings::new(record.origin().into(), limits.warnings.clone());
                let memory = &limits.memory;
                let body = decoded(codings, reader, memory, max_wire_bytes, &warnings);
                BodySource::Decoded(body)
            } else {
                BodySource::Plain(reader)
            },
            replacer,
            left: limits.max_bytes,
            limits,
            time: None,
            record,
            charge: Some(charge),
        }
    }

    /// Reads the body to its end. Its memory is charged as it grows.
    pub(super) async fn whole(&mut self) -> Result<Holding<Vec<u8>>, EgressError> {
        let mut bytes = Holding::new(Vec::new(), self.limits.memory.charge(0)?);
        while let Some(frame) = self.frame().await {
            let piece = frame?.into_data().unwrap_or_default();
            if let Err(error) = bytes.append(&piece, self.limits.max_bytes) {
                let error = error.into();
                self.record.fail(&error);
                return Err(error);
            }
            // A few compressed bytes can become many pieces, without any wait in between.
            self.limits.scope.cpu.take_turns().await;
        }
        Ok(bytes)
    }

    /// Leaves the rest unread, because the response leads to another request.
    pub(super) fn set_aside(mut self) {
        self.record.succeed();
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        match &mut self.source {
            BodySource::Ended => Poll::Ready(Ok(None)),
            BodySource::Plain(reader) => reader.poll_piece(context),
            BodySource::Decoded(decoder) => {
                let mut piece = [0; PIECE_BYTES];
                let mut buffer = ReadBuf::new(&mut piece);
                ready!(decoder.as_mut().poll_read(context, &mut buffer))?;
                let filled = buffer.filled();
                let piece = (!filled.is_empty()).then(|| Bytes::copy_from_slice(filled));
                Poll::Ready(Ok(piece))
            }
        }
    }

    fn end(&mut self) {
        self.source = BodySource::Ended;
        self.charge = None;
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
        if let Some(&error) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return EgressError::OutOfMemory(error);
        }
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(CutReason::Idle) => {
                let waited = PhaseTime {
                    phase: CallPhase::Body,
                    spent: self.limits.idle.time,
                    proxy: self.record.phases().proxy(),
                };
                Timeout::Idle(self.limits.idle).after(waited)
            }
            Some(CutReason::TooLong) => self.too_large(),
            None => EgressError::Failed {
                origin: self.record.origin_and_proxy(),
                source: error.into(),
            },
        }
    }

    fn too_large(&self) -> EgressError {
        EgressError::ResponseTooLarge {
            limit_bytes: self.limits.max_bytes,
        }
    }

    /// Checks the clock as well: a body that always has more data never lets a timer run.
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
        if let Some(piece) = this.beginning.next() {
            return Poll::Ready(Some(piece.map(Frame::data)));
        }
        let polled = loop {
            let polled = match this.poll_piece(context) {
                Poll::Ready(Ok(None)) => Ok(None),
                Poll::Ready(Err(error)) => Err(this.failure(error)),
                more => match (this.poll_time(context), more) {
                    (Poll::Ready(()), _) => Err(Timeout::Deadline(this.limits.deadline.bound())
                        .after(this.record.phases().spent())),
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
                    this.end();
                    break Ok((!rest.is_empty()).then_some(rest));
                }
                Err(error) => break Err(error),
            }
        };
        Poll::Ready(match polled {
            Ok(Some(piece)) => Some(Ok(Frame::data(piece))),
            Ok(None) => {
                this.end();
                this.record.succeed();
                None
            }
            Err(error) => {
                this.end();
                this.record.fail(&error);
                Some(Err(error))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.source, BodySource::Ended)
            && self.replacer.is_none()
            && self.beginning.is_empty()
    }
}

#[cfg(test)]
mod tests;
