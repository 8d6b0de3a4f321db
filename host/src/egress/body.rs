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

use super::decode::{Coding, Pieces, Reader};
use super::error::{EgressError, Timeout};
use super::record::Record;
use crate::scope::{CallScope, Deadline};
use crate::secrets::Replacer;

/// How much is decompressed at a time.
const PIECE_BYTES: usize = 16 << 10;

/// How many times as long as its content may become, beside [`PADDING_BYTES`], a compressed body may be. Flushed for each
/// row it is a little longer than what it holds; one past this is padding, which could go on without ever becoming a
/// byte that counts.
const PADDED: u64 = 2;
const PADDING_BYTES: u64 = 64 << 10;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What holds for one body.
pub(super) struct Bounds {
    pub(super) max_bytes: u64,
    pub(super) idle: Duration,
    pub(super) deadline: Deadline,
    pub(super) scope: Arc<CallScope>,
}

/// The body of a response. The exchange's log line is written when it ends or is dropped.
pub(crate) struct ResponseBody {
    source: Source,
    /// None where there are no secrets to take out.
    replacer: Option<Replacer>,
    bounds: Bounds,
    /// Of `bounds.max_bytes`.
    left: u64,
    /// Made when the body is first waited for.
    time: Option<Pin<Box<Sleep>>>,
    record: Record,
}

enum Source {
    Plain(Reader<Paced>),
    /// Decompressed once a byte has come.
    Coded(Coding, Reader<Paced>),
    Decoded(Pin<Box<dyn AsyncRead + Send>>),
    Ended,
}

impl ResponseBody {
    pub(super) fn new<B>(
        body: B,
        coding: Option<Coding>,
        replacer: Option<Replacer>,
        bounds: Bounds,
        record: Record,
    ) -> Self
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Cause>,
    {
        let max_wire_bytes = match coding {
            None => bounds.max_bytes,
            Some(_) => bounds
                .max_bytes
                .saturating_mul(PADDED)
                .saturating_add(PADDING_BYTES),
        };
        let pieces = Paced::new(body, bounds.idle, max_wire_bytes, record.wire_bytes());
        let reader = Reader::new(pieces);
        Self {
            source: match coding {
                None => Source::Plain(reader),
                Some(coding) => Source::Coded(coding, reader),
            },
            replacer,
            left: bounds.max_bytes,
            bounds,
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
                Source::Ended => return Poll::Ready(Ok(None)),
                Source::Plain(reader) => return reader.poll_piece(context),
                Source::Decoded(decoder) => {
                    let mut piece = [0; PIECE_BYTES];
                    let mut buffer = ReadBuf::new(&mut piece);
                    ready!(decoder.as_mut().poll_read(context, &mut buffer))?;
                    let filled = buffer.filled();
                    let piece = (!filled.is_empty()).then(|| Bytes::copy_from_slice(filled));
                    return Poll::Ready(Ok(piece));
                }
                Source::Coded(coding, reader) => {
                    if !ready!(reader.poll_began(context))? {
                        return Poll::Ready(Ok(None));
                    }
                    let coding = *coding;
                    if let Source::Coded(_, reader) =
                        std::mem::replace(&mut self.source, Source::Ended)
                    {
                        self.source = Source::Decoded(coding.decoder(reader));
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
        self.bounds.scope.network.take_bytes(piece.len())?;
        self.record.received(bytes);
        Ok(())
    }

    fn sort(&self, error: io::Error) -> EgressError {
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(Cut::Idle) => EgressError::Timeout(Timeout::Idle),
            Some(Cut::TooLong) => self.too_large(),
            None => EgressError::Failed {
                origin: self.record.origin().to_owned(),
                source: error.into(),
            },
        }
    }

    fn too_large(&self) -> EgressError {
        EgressError::ResponseTooLarge {
            limit_bytes: self.bounds.max_bytes,
        }
    }

    /// Asks the clock too: a body that always has more never lets a timer run.
    fn poll_time(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.bounds.deadline.at;
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
                Poll::Ready(Err(error)) => Err(this.sort(error)),
                more => match (this.poll_time(context), more) {
                    (Poll::Ready(()), _) => Err(EgressError::Timeout(Timeout::Deadline(
                        this.bounds.deadline.reason,
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
                    this.source = Source::Ended;
                    break Ok((!rest.is_empty()).then_some(rest));
                }
                Err(error) => break Err(error),
            }
        };
        Poll::Ready(match polled {
            Ok(Some(piece)) => Some(Ok(Frame::data(piece))),
            Ok(None) => {
                this.source = Source::Ended;
                this.record.succeed();
                None
            }
            Err(error) => {
                this.source = Source::Ended;
                this.record.fail(&error);
                Some(Err(error))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.source, Source::Ended) && self.replacer.is_none()
    }
}

/// Why a body is cut off before any of it counts.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("nothing came for too long")]
    Idle,
    #[error("more came than the response may have")]
    TooLong,
}

/// The pieces of a body as they come over the wire, none too long after the one before.
struct Paced {
    body: Pin<Box<dyn Body<Data = Bytes, Error = Cause> + Send>>,
    /// What may still come; none where more is announced than may come.
    left: Option<u64>,
    idle: Duration,
    /// Runs while a piece is waited for.
    waiting: Option<Pin<Box<Sleep>>>,
    wire_bytes: super::record::Counter,
}

impl Paced {
    fn new<B>(body: B, idle: Duration, max_bytes: u64, wire_bytes: super::record::Counter) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Cause>,
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

impl Pieces for Paced {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            let Some(left) = self.left else {
                return Poll::Ready(Some(Err(io::Error::other(Cut::TooLong))));
            };
            let Poll::Ready(frame) = self.body.as_mut().poll_frame(context) else {
                let idle = self.idle;
                let waiting = self
                    .waiting
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
                ready!(waiting.as_mut().poll(context));
                return Poll::Ready(Some(Err(io::Error::other(Cut::Idle))));
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
