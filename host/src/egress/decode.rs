//! The content encodings of a response, undone as its bytes come.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::{Buf, Bytes};
use http::HeaderMap;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use crate::encoding::{ContentEncoding, UnknownEncoding};

/// The largest window that a Zstandard stream of the web may ask for, as a power of two: 8 MiB (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

/// What a decoder of Zstandard takes: its window, and the buffers around it.
const ZSTD_BYTES: u64 = (1 << ZSTD_WINDOW_LOG) + (512 << 10);

/// What a decoder of gzip takes: its window of 32 KiB, and tables.
const GZIP_BYTES: u64 = 128 << 10;

/// What a decoder of Brotli takes beside its window, at the most: three groups of 256 code tables.
const BROTLI_TABLES_BYTES: u64 = 4 << 20;

/// Those that [`decoder`] undoes, and that requests ask for.
const ACCEPTED: [ContentEncoding; 3] = [
    ContentEncoding::Gzip,
    ContentEncoding::Brotli,
    ContentEncoding::Zstandard,
];

/// An encoding that was not asked for, or a series of them.
#[derive(Debug, thiserror::Error)]
#[error("the response's content-encoding `{0}` is not understood")]
pub(super) struct EncodingFault(String);

/// A window that only the format's extension for large files has. The decoder would take up to a gigabyte for it.
#[derive(Debug, thiserror::Error)]
#[error("the response's Brotli stream asks for a window of more than 16 MiB")]
pub(super) struct WindowFault;

/// How a response with these headers is compressed; `None` if it isn't.
///
/// # Errors
///
/// [`EncodingFault`].
pub(super) fn encoding(headers: &HeaderMap) -> Result<Option<ContentEncoding>, EncodingFault> {
    ContentEncoding::of(headers, &ACCEPTED).map_err(|UnknownEncoding(name)| EncodingFault(name))
}

/// What a decoder takes of the host for a stream that begins with this byte.
///
/// # Errors
///
/// [`WindowFault`].
pub(super) fn decoder_bytes(encoding: ContentEncoding, first: Option<u8>) -> io::Result<u64> {
    Ok(match encoding {
        ContentEncoding::Gzip => GZIP_BYTES,
        ContentEncoding::Brotli => {
            let window = brotli_window(first.unwrap_or(0)).ok_or(WindowFault);
            window
                .map_err(io::Error::other)?
                .saturating_add(BROTLI_TABLES_BYTES)
        }
        ContentEncoding::Zstandard => ZSTD_BYTES,
    })
}

/// The window of a Brotli stream by its first byte (RFC 7932, section 9.1), in bytes; `None` if it is none of the format.
fn brotli_window(first: u8) -> Option<u64> {
    let (short, long) = (u32::from(first >> 1 & 7), u32::from(first >> 4 & 7));
    let bits = match (first & 1, short, long) {
        (0, _, _) => 16,
        (_, 0, 0) => 17,
        (_, 0, 1) => return None,
        (_, 0, long) => 8_u32.saturating_add(long),
        (_, short, _) => 17_u32.saturating_add(short),
    };
    Some(1 << bits)
}

/// What `compressed` holds. The decoder keeps no more of it than a window, however much comes out.
pub(super) fn decoder<R>(encoding: ContentEncoding, compressed: R) -> Pin<Box<dyn AsyncRead + Send>>
where
    R: AsyncBufRead + Send + 'static,
{
    match encoding {
        ContentEncoding::Gzip => {
            let mut decoder = GzipDecoder::new(compressed);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
        ContentEncoding::Brotli => Box::pin(BrotliDecoder::new(compressed)),
        ContentEncoding::Zstandard => {
            let window = DParameter::window_log_max(ZSTD_WINDOW_LOG);
            let mut decoder = ZstdDecoder::with_params(compressed, &[window]);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
    }
}

/// Pieces of bytes, read as a stream of them.
pub(super) struct PieceReader<P> {
    pieces: P,
    current: Bytes,
    /// Whether any byte has come yet.
    began: bool,
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

    /// The next byte, if one has come.
    pub(super) fn next_byte(&self) -> Option<u8> {
        self.current.first().copied()
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

impl<P: PieceSource> AsyncBufRead for PieceReader<P> {
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

impl<P: PieceSource> AsyncRead for PieceReader<P> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_windows_are_read_as_the_format_has_them() {
        for (first, bits) in [
            (0x00, Some(16)),
            (0x01, Some(17)),
            (0x21, Some(10)),
            (0x71, Some(15)),
            (0x03, Some(18)),
            (0x0b, Some(22)),
            (0x0f, Some(24)),
            (0x11, None),
            (0x91, None),
        ] {
            assert_eq!(brotli_window(first), bits.map(|bits| 1 << bits), "{first}");
        }
    }
}
