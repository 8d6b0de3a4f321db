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
use super::quota::PageQuota;
use super::record::Record;

/// How much is decompressed at a time.
const PIECE_BYTES: usize = 16 << 10;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What holds for one body.
pub(super) struct Bounds {
    pub(super) max_bytes: u64,
    pub(super) idle: Duration,
    pub(super) deadline: Instant,
    /// Whose deadline it is.
    pub(super) reason: Timeout,
    pub(super) page: Arc<PageQuota>,
}

/// The body of a response. The exchange's log line is written when it ends or is dropped.
pub(crate) struct ResponseBody {
    source: Source,
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
    pub(super) fn new<B>(body: B, coding: Option<Coding>, bounds: Bounds, record: Record) -> Self
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Cause>,
    {
        let pieces = Paced::new(body, bounds.idle, record.wire_bytes());
        let reader = Reader::new(pieces);
        Self {
            source: match coding {
                None => Source::Plain(reader),
                Some(coding) => Source::Coded(coding, reader),
            },
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
        }
        Ok(bytes)
    }

    /// Leaves the body unread: the request is sent again.
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
            .ok_or(EgressError::ResponseTooLarge {
                limit_bytes: self.bounds.max_bytes,
            })?;
        self.bounds.page.take_bytes(piece.len())?;
        self.record.received(bytes);
        Ok(())
    }

    fn sort(&self, error: io::Error) -> EgressError {
        if error.get_ref().is_some_and(|inner| inner.is::<Idle>()) {
            return EgressError::Timeout(Timeout::Idle);
        }
        EgressError::Failed {
            origin: self.record.origin().to_owned(),
            source: error.into(),
        }
    }

    fn poll_time(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.bounds.deadline;
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
        let polled = match this.poll_piece(context) {
            Poll::Pending => match this.poll_time(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => Err(EgressError::Timeout(this.bounds.reason)),
            },
            Poll::Ready(Ok(None)) => Ok(None),
            Poll::Ready(Ok(Some(piece))) => this.count(&piece).map(|()| Some(piece)),
            Poll::Ready(Err(error)) => Err(this.sort(error)),
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
        matches!(self.source, Source::Ended)
    }
}

/// Nothing came for too long.
#[derive(Debug, thiserror::Error)]
#[error("nothing came for too long")]
struct Idle;

/// The pieces of a body as they come over the wire, none too long after the one before.
struct Paced {
    body: Pin<Box<dyn Body<Data = Bytes, Error = Cause> + Send>>,
    idle: Duration,
    /// Runs while a piece is waited for.
    waiting: Option<Pin<Box<Sleep>>>,
    wire_bytes: super::record::Counter,
}

impl Paced {
    fn new<B>(body: B, idle: Duration, wire_bytes: super::record::Counter) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Cause>,
    {
        Self {
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
            let Poll::Ready(frame) = self.body.as_mut().poll_frame(context) else {
                let idle = self.idle;
                let waiting = self
                    .waiting
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
                ready!(waiting.as_mut().poll(context));
                return Poll::Ready(Some(Err(io::Error::other(Idle))));
            };
            self.waiting = None;
            return Poll::Ready(match frame {
                None => None,
                Some(Err(error)) => Some(Err(io::Error::other(error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.wire_bytes.add(data.len());
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
