//! The bytes of a connection, watched as they pass.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::closing_habit::ReuseTrial;
use super::heads::HeadReader;
use super::liveness::{ConnectionLife, IdleChecks};
use super::request_framing::RequestFraming;
use super::stream::Stream;

/// The bytes of a connection.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    /// `None` for HTTP/2, which reports which requests it has not begun, and checks heads by its own rules.
    watch: Option<WireWatch>,
}

/// Sees where requests begin on a connection, and when the other side closes it.
pub(super) struct WireWatch {
    pub(super) life: Arc<ConnectionLife>,
    pub(super) checks: IdleChecks,
    framing: RequestFraming,
    /// Inspects the heads that arrive.
    heads: HeadReader,
    /// A request is being written, though none of its bytes may have been accepted yet.
    is_begun: bool,
    last_read: Instant,
    /// Whether it was checked since then.
    is_checked: bool,
    /// Kept until the connection ends, which ends the trial.
    trial: Option<ReuseTrial>,
}

impl WireWatch {
    pub(super) fn new(life: Arc<ConnectionLife>, checks: IdleChecks, heads: HeadReader) -> Self {
        Self {
            life,
            checks,
            framing: RequestFraming::default(),
            heads,
            is_begun: false,
            last_read: Instant::now(),
            is_checked: false,
            trial: None,
        }
    }

    /// Notes that something is about to be written.
    ///
    /// # Errors
    ///
    /// It is a request that should use another connection. This connection returned to the pool before its last
    /// answer was read to its end, and so was not known to be idle.
    fn begin(&mut self, stream: &dyn Stream) -> io::Result<()> {
        if !self.framing.is_between() || self.is_begun {
            return Ok(());
        }
        let is_doubtful = self.life.has_begun() && !self.is_checked && self.is_doubtful(stream);
        self.life.begin();
        self.is_begun = true;
        if is_doubtful {
            return Err(io::ErrorKind::NotConnected.into());
        }
        Ok(())
    }

    fn took(&mut self, bytes: &[u8]) {
        if self.framing.pass(bytes) {
            self.heads.begin(self.framing.is_of_head());
        }
        self.life.took(bytes.len());
        self.is_begun = !self.framing.is_between();
    }

    /// Inspects received bytes before the client gets them. Returns how many of them the client gets.
    ///
    /// # Errors
    ///
    /// They belong to a head that must not be read further.
    fn read(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.life.read();
        self.last_read = Instant::now();
        self.is_checked = false;
        let passed = self.heads.received(bytes).map_err(io::Error::other)?;
        if let Some(location) = self.heads.take_location() {
            self.life.keep_location(location);
        }
        Ok(passed)
    }

    fn is_idle(&self) -> bool {
        !self.is_begun && self.framing.is_between() && self.life.is_idle()
    }

    fn end(&mut self) {
        self.life.end();
        if self.is_idle() || self.life.is_stale() {
            self.life.saw_close(self.last_read.elapsed());
        }
    }

    /// Whether an idle connection should no longer be used.
    fn is_doubtful(&mut self, stream: &dyn Stream) -> bool {
        if !self.checks.are_wanted() {
            return self.life.is_dying();
        }
        self.is_checked = true;
        let idle = self.last_read.elapsed();
        is_closed(stream) || self.life.is_threatened(idle, &mut self.trial)
    }
}

/// Whether the other side has closed the connection, or has sent something unasked, as servers do before they close.
/// The system is asked, since the runtime learns of it only when it looks next.
fn is_closed(stream: &dyn Stream) -> bool {
    let mut byte = [0_u8; 1];
    match recv(
        stream.tcp(),
        &mut byte[..],
        RecvFlags::PEEK | RecvFlags::DONTWAIT,
    ) {
        Err(error) => io::Error::from(error).kind() != io::ErrorKind::WouldBlock,
        Ok(_) => true,
    }
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>, watch: Option<WireWatch>) -> Self {
        Self { stream, watch }
    }

    /// The connection's life, if it is an HTTP/1 connection.
    pub(super) fn life(&self) -> Option<Arc<ConnectionLife>> {
        self.watch.as_ref().map(|watch| watch.life.clone())
    }
}

impl AsyncRead for Wire {
    /// The client checks whether there is something to read before it assigns a request to an idle connection. If it
    /// then finds the connection closed, it takes another one for the request.
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(watch) = &mut this.watch else {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        };
        loop {
            if watch.heads.put_end(buffer) {
                return Poll::Ready(Ok(()));
            }
            if watch.heads.is_astray() {
                watch.end();
                return Poll::Ready(Ok(()));
            }
            let before = buffer.filled().len();
            match Pin::new(&mut this.stream).poll_read(context, buffer) {
                Poll::Pending if watch.is_idle() && watch.is_doubtful(&*this.stream) => {
                    watch.end();
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                    let passed = watch.read(buffer.filled().get(before..).unwrap_or_default())?;
                    buffer.set_filled(before.saturating_add(passed));
                    // All of it may be trailers, of which the client learns nothing.
                    if passed > 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
                ended @ Poll::Ready(_) => {
                    watch.end();
                    watch.heads.close();
                    if !watch.heads.put_end(buffer) {
                        return ended;
                    }
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if let Some(watch) = &mut this.watch {
            watch.begin(&*this.stream)?;
        }
        let taken = ready!(Pin::new(&mut this.stream).poll_write(context, bytes))?;
        if let Some(watch) = &mut this.watch {
            watch.took(bytes.get(..taken).unwrap_or_default());
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if let Some(watch) = &mut this.watch {
            watch.begin(&*this.stream)?;
        }
        let taken = ready!(Pin::new(&mut this.stream).poll_write_vectored(context, slices))?;
        if let Some(watch) = &mut this.watch {
            let mut left = taken;
            for slice in slices {
                let passed = slice.get(..left.min(slice.len())).unwrap_or_default();
                watch.took(passed);
                left = left.saturating_sub(passed.len());
            }
        }
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
