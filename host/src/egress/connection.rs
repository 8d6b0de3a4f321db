//! One connection to an upstream, as the client's pool keeps it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection as Pooled};
use hyper_util::rt::TokioIo;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::liveness::ConnectionLife;
use super::wire::Wire;

/// How long it took to get a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct DialTimes {
    pub(super) began: Instant,
    pub(super) resolve: Duration,
    /// TCP and TLS.
    pub(super) connect: Duration,
}

/// What a request learns about the connection that it goes over.
#[derive(Debug, Clone)]
pub(super) struct ConnectionTag {
    pub(super) times: DialTimes,
    /// `None` for HTTP/2, where requests share the connection.
    pub(super) life: Option<Arc<ConnectionLife>>,
    /// Whether it goes through a proxy. The address behind a name decides that, too.
    pub(super) is_proxied: bool,
}

pub(super) struct Connection {
    io: TokioIo<Wire>,
    tag: ConnectionTag,
    /// Whether the other end is a proxy that is sent whole requests, with the whole URL.
    is_forwarded: bool,
    /// Released when the connection ends. It limits the number of connections to one origin.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    pub(super) fn new(wire: Wire, times: DialTimes, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            tag: ConnectionTag {
                times,
                life: wire.life(),
                is_proxied: false,
            },
            io: TokioIo::new(wire),
            is_forwarded: false,
            _permit: permit,
        }
    }

    /// Whether it goes through a proxy, and whether that is sent whole requests.
    pub(super) fn passing(mut self, is_proxied: bool, is_forwarded: bool) -> Self {
        self.tag.is_proxied = is_proxied;
        self.is_forwarded = is_forwarded;
        self
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
        let connected = Connected::new()
            .proxy(self.is_forwarded)
            .extra(self.tag.clone());
        match self.tag.life {
            Some(_) => connected,
            None => connected.negotiated_h2(),
        }
    }
}

impl Read for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl Write for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
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
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }
}
