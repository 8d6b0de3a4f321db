//! Pieces of bytes, read as a stream of them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::buffered_read::poll_copied;

/// Pieces of bytes, read as a stream of them.
pub(super) struct PieceReader<P> {
    pieces: P,
    current: Bytes,
}

/// Where a [`PieceReader`] gets its pieces.
pub(super) trait PieceSource: Unpin {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>>;
}

impl<P: PieceSource> PieceReader<P> {
    pub(super) fn new(pieces: P) -> Self {
        Self {
            pieces,
            current: Bytes::new(),
        }
    }

    /// The next piece as it arrived; `None` at the end.
    pub(super) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Bytes>>> {
        if ready!(Pin::new(&mut *self).poll_fill_buf(context))?.is_empty() {
            return Poll::Ready(Ok(None));
        }
        Poll::Ready(Ok(Some(std::mem::take(&mut self.current))))
    }
}

impl<P: PieceSource> AsyncBufRead for PieceReader<P> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.current.is_empty() {
            match ready!(this.pieces.poll_piece(context)) {
                Some(piece) => this.current = piece?,
                None => return Poll::Ready(Ok(&[])),
            }
        }
        Poll::Ready(Ok(&this.current))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.get_mut();
        this.current.advance(amount.min(this.current.len()));
    }
}

impl<P: PieceSource> AsyncRead for PieceReader<P> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_copied(self, context, buffer)
    }
}
