//! A connection that speaks HTTP/2: follows the frames that are read, and returns receipts once everything is written.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::delivery::{Outbox, TransportSlot};
use super::super::transport::Transport;
use super::frames::FrameMeter;

/// A connection's transport, as `h2` uses it.
pub(super) struct Http2Wire {
    /// `None` only after it was dropped.
    transport: Option<Transport>,
    frames: FrameMeter,
    left_in: TransportSlot,
    outbox: Outbox,
}

impl Http2Wire {
    /// The transport, which is left in the slot when this is dropped.
    pub(super) fn new(
        transport: Transport,
        frames: FrameMeter,
        left_in: TransportSlot,
        outbox: Outbox,
    ) -> Self {
        Self {
            transport: Some(transport),
            frames,
            left_in,
            outbox,
        }
    }

    fn transport(&mut self) -> io::Result<Pin<&mut Transport>> {
        let transport = self.transport.as_mut().map(Pin::new);
        transport.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Http2Wire {
    fn drop(&mut self) {
        if let Some(transport) = self.transport.take() {
            self.left_in.leave(transport);
        }
    }
}

impl AsyncRead for Http2Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.transport()?.poll_read(context, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        Poll::Ready(self.frames.read(read))
    }
}

impl AsyncWrite for Http2Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.transport()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.transport()?.poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport
            .as_ref()
            .is_some_and(AsyncWrite::is_write_vectored)
    }

    /// `h2` flushes when it has written everything that it took out of its pieces, so receipts of pieces that were taken
    /// completely can be returned.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.transport()?.poll_flush(context))?;
        self.outbox.written();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport()?.poll_shutdown(context)
    }
}
