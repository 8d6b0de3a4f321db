//! The content encodings of a response, undone as its bytes come.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::{Buf, Bytes};
use http::HeaderMap;
use http::header;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

/// The largest window that a Zstandard stream of the web may ask for, as a power of two: 8 MiB (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

/// One encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Brotli,
    Zstandard,
}

/// An encoding that was not asked for, or a series of them.
#[derive(Debug, thiserror::Error)]
#[error("the response's content-encoding `{0}` is not understood")]
pub(super) struct UnknownCoding(String);

impl Coding {
    /// Reads `Content-Encoding`, in one header or several; none where the body is as it is.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, UnknownCoding> {
        let mut coding = None;
        for value in headers.get_all(header::CONTENT_ENCODING) {
            for member in value.as_bytes().split(|byte| *byte == b',') {
                let member = member.trim_ascii().to_ascii_lowercase();
                let found = match member.as_slice() {
                    b"" | b"identity" => continue,
                    b"gzip" | b"x-gzip" => Some(Self::Gzip),
                    b"br" => Some(Self::Brotli),
                    b"zstd" => Some(Self::Zstandard),
                    _ => None,
                };
                if found.is_none() || coding.is_some() {
                    let value = String::from_utf8_lossy(value.as_bytes());
                    return Err(UnknownCoding(crate::report::shortened(&value, 100)));
                }
                coding = found;
            }
        }
        Ok(coding)
    }

    /// What `compressed` holds. It keeps no more of it than a window, however much comes out.
    pub(super) fn decoder<R>(self, compressed: R) -> Pin<Box<dyn AsyncRead + Send>>
    where
        R: AsyncBufRead + Send + 'static,
    {
        match self {
            Self::Gzip => {
                let mut decoder = GzipDecoder::new(compressed);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            Self::Brotli => Box::pin(BrotliDecoder::new(compressed)),
            Self::Zstandard => {
                let window = DParameter::window_log_max(ZSTD_WINDOW_LOG);
                let mut decoder = ZstdDecoder::with_params(compressed, &[window]);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
        }
    }
}

/// Pieces of bytes, read as a stream of them.
pub(super) struct Reader<P> {
    pieces: P,
    current: Bytes,
    /// Whether any byte has come yet.
    began: bool,
}

/// Where a [`Reader`] gets its pieces.
pub(super) trait Pieces: Unpin {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>>;
}

impl<P: Pieces> Reader<P> {
    pub(super) fn new(pieces: P) -> Self {
        Self {
            pieces,
            current: Bytes::new(),
            began: false,
        }
    }

    /// The next piece as it came; none at the end.
    pub(super) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Bytes>>> {
        if ready!(Pin::new(&mut *self).poll_fill_buf(context))?.is_empty() {
            return Poll::Ready(Ok(None));
        }
        Poll::Ready(Ok(Some(std::mem::take(&mut self.current))))
    }

    /// Waits for the first byte; false where there is none, as in answers to HEAD and of status 204 or 304, which
    /// have the headers of a body that isn't sent.
    pub(super) fn poll_began(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.began {
            return Poll::Ready(Ok(true));
        }
        let is_empty = ready!(Pin::new(&mut *self).poll_fill_buf(context))?.is_empty();
        Poll::Ready(Ok(!is_empty))
    }
}

impl<P: Pieces> AsyncBufRead for Reader<P> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.current.is_empty() {
            match ready!(this.pieces.poll_piece(context)) {
                Some(piece) => this.current = piece?,
                None => return Poll::Ready(Ok(&[])),
            }
        }
        this.began = true;
        Poll::Ready(Ok(&this.current))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.get_mut();
        this.current.advance(amount.min(this.current.len()));
    }
}

impl<P: Pieces> AsyncRead for Reader<P> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let available = ready!(self.as_mut().poll_fill_buf(context))?;
        let (taken, _) = available.split_at(available.len().min(buffer.remaining()));
        buffer.put_slice(taken);
        let amount = taken.len();
        self.consume(amount);
        Poll::Ready(Ok(()))
    }
}
