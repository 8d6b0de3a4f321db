//! A decoder's input, watched so that the decoder's errors can be interpreted.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::buffered_read::poll_copied;
use crate::encoding::ContentEncoding;

/// If at least this many bytes are text, they are not the beginning of a compressed body.
const TEXT_BYTES: usize = 4;

/// A body that doesn't match its label.
#[derive(Debug, thiserror::Error)]
#[error("the response's body is labeled as {label}, but can't be decoded as {label}: {reason}")]
pub(super) struct ContentFault {
    label: &'static str,
    reason: io::Error,
}

/// A body that ends within its coding.
#[derive(Debug, thiserror::Error)]
#[error("the response's body is truncated: it ends before its {label} data does")]
struct CutFault {
    label: &'static str,
}

/// What was observed of a coded body.
#[derive(Debug, Default)]
pub(super) struct SourceView {
    has_failed: AtomicBool,
    has_ended: AtomicBool,
    /// Whether a byte came that plain ASCII text doesn't contain.
    is_binary: AtomicBool,
    bytes: AtomicUsize,
}

impl SourceView {
    /// Classifies an error of the decoder for the decision about another try: a body that could not be read, or was
    /// truncated, may be complete the next time. A body in another coding would not.
    pub(super) fn judged(&self, encoding: ContentEncoding, error: io::Error) -> io::Error {
        if self.has_failed.load(Ordering::Relaxed) {
            return error;
        }
        let has_ended = self.has_ended.load(Ordering::Relaxed);
        let is_short = match encoding {
            // The decoder has no error kind for it.
            ContentEncoding::Gzip | ContentEncoding::Deflate => matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::Other
            ),
            ContentEncoding::Brotli | ContentEncoding::Zstandard => {
                error.kind() == io::ErrorKind::UnexpectedEof
            }
        };
        if has_ended && is_short && !self.is_text() {
            // The decoder has no message for it.
            let label = encoding.label();
            return io::Error::new(io::ErrorKind::UnexpectedEof, CutFault { label });
        }
        let fault = ContentFault {
            label: encoding.label(),
            reason: error,
        };
        io::Error::new(io::ErrorKind::InvalidData, fault)
    }

    fn is_text(&self) -> bool {
        !self.is_binary.load(Ordering::Relaxed) && self.bytes.load(Ordering::Relaxed) >= TEXT_BYTES
    }
}

/// A coded body on its way to its decoder.
pub(super) struct CodedSource<R> {
    source: R,
    view: Arc<SourceView>,
}

impl<R> CodedSource<R> {
    pub(super) fn new(source: R, view: Arc<SourceView>) -> Self {
        Self { source, view }
    }
}

impl<R: AsyncBufRead + Unpin> AsyncBufRead for CodedSource<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        let filled = ready!(Pin::new(&mut this.source).poll_fill_buf(context));
        match &filled {
            Err(_) => this.view.has_failed.store(true, Ordering::Relaxed),
            Ok([]) => this.view.has_ended.store(true, Ordering::Relaxed),
            Ok(bytes) => {
                if !this.view.is_binary.load(Ordering::Relaxed) && !bytes.iter().all(is_of_text) {
                    this.view.is_binary.store(true, Ordering::Relaxed);
                }
            }
        }
        Poll::Ready(filled)
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.get_mut();
        this.view.bytes.fetch_add(amount, Ordering::Relaxed);
        Pin::new(&mut this.source).consume(amount);
    }
}

impl<R: AsyncBufRead + Unpin> AsyncRead for CodedSource<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_copied(self, context, buffer)
    }
}

fn is_of_text(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')
}
