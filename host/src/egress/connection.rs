//! One connection to an upstream, as the client's pool keeps it.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection as Pooled};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::heads::HeadReader;
use super::liveness::ConnectionLife;
use super::wire::Wire;

/// How much of a head is read at a time.
const HEAD_PIECE_BYTES: usize = 8 << 10;

/// How long it took to get a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct DialTimes {
    pub(super) began: Instant,
    pub(super) resolve: Duration,
    /// TCP and TLS.
    pub(super) connect: Duration,
}

/// What a request is told of the connection that it goes over.
#[derive(Debug, Clone)]
pub(super) struct ConnectionTag {
    pub(super) times: DialTimes,
    /// `None` for HTTP/2, where requests share it.
    pub(super) life: Option<Arc<ConnectionLife>>,
}

pub(super) struct Connection {
    io: TokioIo<Wire>,
    /// Looks at the heads that pass; `None` for HTTP/2, whose heads are checked by its own rules.
    heads: Option<HeadReader>,
    tag: ConnectionTag,
    /// Given back when the connection ends: what keeps an origin from having too many.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    pub(super) fn new(
        wire: Wire,
        heads: Option<HeadReader>,
        times: DialTimes,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            tag: ConnectionTag {
                times,
                life: wire.life(),
            },
            io: TokioIo::new(wire),
            heads,
            _permit: permit,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(life) = &self.tag.life {
            life.leave();
        }
    }
}

impl Pooled for Connection {
    fn connected(&self) -> Connected {
        let connected = Connected::new().extra(self.tag.clone());
        match self.tag.life {
            Some(_) => connected,
            None => connected.negotiated_h2(),
        }
    }
}

impl Connection {
    /// Notes that something was written: each request has the head of a response.
    fn wrote(&mut self) {
        if self.io.inner_mut().take_begun()
            && let Some(heads) = &mut self.heads
        {
            heads.begin();
        }
    }
}

impl Read for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(heads) = this.heads.as_mut().filter(|heads| heads.is_in_head()) else {
            return Pin::new(&mut this.io).poll_read(context, buffer);
        };
        let mut piece = [MaybeUninit::uninit(); HEAD_PIECE_BYTES];
        let most = piece.len().min(buffer.remaining());
        let mut read = ReadBuf::uninit(piece.get_mut(..most).unwrap_or_default());
        ready!(Pin::new(this.io.inner_mut()).poll_read(context, &mut read))?;
        heads.received(read.filled()).map_err(io::Error::other)?;
        buffer.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.io).poll_write(context, bytes))?;
        this.wrote();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.io).poll_write_vectored(context, slices))?;
        this.wrote();
        Poll::Ready(Ok(written))
    }
}
