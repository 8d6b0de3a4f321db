//! The first bytes of a stream, inspected before it is read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::buffered_read::poll_copied;

/// The most bytes that can be inspected.
const MOST: usize = super::signatures::BYTES;

/// A stream whose first bytes are inspected before they are read.
pub(super) struct FirstBytes<R> {
    first: [u8; MOST],
    /// Of the first bytes, how many have been read, and how many are known.
    read: usize,
    known: usize,
    stream: R,
}

impl<R: AsyncBufRead + Unpin> FirstBytes<R> {
    pub(super) fn new(stream: R) -> Self {
        Self {
            first: [0; MOST],
            read: 0,
            known: 0,
            stream,
        }
    }

    /// Lets the bytes that are read next be inspected again.
    pub(super) fn restart(&mut self) {
        self.first.copy_within(self.read..self.known, 0);
        self.known = self.known.saturating_sub(self.read);
        self.read = 0;
    }

    /// Waits for this many bytes, at most as many as can be inspected; returns fewer if the stream ends before.
    pub(super) fn poll_peek(
        &mut self,
        context: &mut Context<'_>,
        bytes: usize,
    ) -> Poll<io::Result<Vec<u8>>> {
        while let Some(wanted) = self
            .first
            .get_mut(self.known..bytes)
            .filter(|rest| !rest.is_empty())
        {
            let more = ready!(Pin::new(&mut self.stream).poll_fill_buf(context))?;
            let copied = wanted
                .iter_mut()
                .zip(more)
                .map(|(to, from)| *to = *from)
                .count();
            if copied == 0 {
                break;
            }
            Pin::new(&mut self.stream).consume(copied);
            self.known = self.known.saturating_add(copied);
        }
        Poll::Ready(Ok(self
            .first
            .get(..self.known)
            .unwrap_or_default()
            .to_vec()))
    }
}

impl<R: AsyncBufRead + Unpin> AsyncBufRead for FirstBytes<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        match this.first.get(this.read..this.known) {
            Some(first) if !first.is_empty() => Poll::Ready(Ok(first)),
            _ => Pin::new(&mut this.stream).poll_fill_buf(context),
        }
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.get_mut();
        if this.read < this.known {
            this.read = this.read.saturating_add(amount).min(this.known);
        } else {
            Pin::new(&mut this.stream).consume(amount);
        }
    }
}

impl<R: AsyncBufRead + Unpin> AsyncRead for FirstBytes<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_copied(self, context, buffer)
    }
}
