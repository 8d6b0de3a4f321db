//! One connection's socket, shared by hyper and the code that watches it. It is shared rather than duplicated, since
//! a second descriptor for each connection would halve the number of connections that a process may have.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::head::HeadMeter;
use super::stall;
use crate::platform;
use rustix::net::Shutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// The side that reads and writes. There must be only one, since a socket wakes only one task for each direction.
#[derive(Debug)]
pub(super) struct Socket {
    stream: Arc<TcpStream>,
    /// How long the client may read nothing of what is written.
    write_timeout: Duration,
    stall: Option<Stall>,
    head: Arc<HeadMeter>,
}

/// The socket accepts no data at the moment.
#[derive(Debug)]
struct Stall {
    since: Instant,
    look_again: Pin<Box<Sleep>>,
}

impl Socket {
    pub(super) fn new(
        stream: Arc<TcpStream>,
        write_timeout: Duration,
        head: Arc<HeadMeter>,
    ) -> Self {
        Self {
            stream,
            write_timeout,
            stall: None,
            head,
        }
    }

    /// The stream, for code that watches it.
    pub(super) fn stream(&self) -> &Arc<TcpStream> {
        &self.stream
    }

    /// Retries an operation that would block, once the socket is ready for it. Fails if the client takes none of
    /// `bytes`, the first bytes to be written, for too long.
    fn write_when_ready(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let written = loop {
            match self.stream.poll_write_ready(context) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => break ready!(self.write_though_stalled(context, bytes)),
            }
            match write(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => break written,
            }
        };
        self.stall = None;
        Poll::Ready(written)
    }

    /// Tries at intervals whether the socket accepts data. Linux reports it as writable only once a third of its
    /// buffer is free. A client that reads slowly may need longer for that than a client that reads nothing is given.
    fn write_though_stalled(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let look_every = self.write_timeout / stall::LOOKS;
        let stall = self.stall.get_or_insert_with(|| Stall {
            since: Instant::now(),
            look_again: Box::pin(tokio::time::sleep(look_every)),
        });
        loop {
            ready!(stall.look_again.as_mut().poll(context));
            match rustix::net::send(&*self.stream, bytes, platform::SEND_FLAGS) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written.map_err(Into::into)),
            }
            if stall.since.elapsed() >= self.write_timeout {
                stall::note_cut_off(self.write_timeout);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            stall.look_again.as_mut().reset(Instant::now() + look_every);
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(context))?;
            match self.stream.try_read_buf(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read.and_then(|bytes| self.head.read(bytes))),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write_when_ready(context, bytes, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        let first = first.map_or(&[][..], |slice| slice);
        self.write_when_ready(context, first, |stream| stream.try_write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(rustix::net::shutdown(&*self.stream, Shutdown::Write).map_err(Into::into))
    }
}
