//! The decoders of the codings, and the memory that each takes.

use std::io;

use async_compression::codecs::{
    BrotliDecoder, DecodeV2, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use async_compression::zstd::DParameter;

use crate::encoding::ContentEncoding;

/// The largest window that a Zstandard stream of the web may ask for, as a power of two: 8 MiB (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

/// The memory of a Zstandard decoder: its window, and the buffers around it.
const ZSTD_BYTES: u64 = (1 << ZSTD_WINDOW_LOG) + (512 << 10);

/// The memory of a decoder for gzip or deflate: its window of 32 KiB, and tables.
const INFLATE_BYTES: u64 = 128 << 10;

/// The memory of a Brotli decoder in addition to its window, at most: three groups of 256 code tables.
const BROTLI_TABLES_BYTES: u64 = 4 << 20;

/// A window size that only the format's extension for large files has. The decoder would take up to a gigabyte for
/// it.
#[derive(Debug, thiserror::Error)]
#[error("the response's Brotli stream requires a window of more than 16 MiB")]
pub(super) struct WindowFault;

/// The memory of a decoder for a stream that begins with this byte, in bytes.
///
/// # Errors
///
/// [`WindowFault`].
pub(super) fn decoder_bytes(encoding: ContentEncoding, first: Option<u8>) -> io::Result<u64> {
    Ok(match encoding {
        ContentEncoding::Gzip | ContentEncoding::Deflate => INFLATE_BYTES,
        ContentEncoding::Brotli => {
            let window = brotli_window(first.unwrap_or(0)).ok_or(WindowFault);
            window
                .map_err(io::Error::other)?
                .saturating_add(BROTLI_TABLES_BYTES)
        }
        ContentEncoding::Zstandard => ZSTD_BYTES,
    })
}

/// The window of a Brotli stream by its first byte (RFC 7932, section 9.1), in bytes; `None` if the byte is not valid
/// there.
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

/// The decoder of a member that begins with these bytes. It keeps no more of it than a window, however much it
/// produces.
pub(super) fn codec(encoding: ContentEncoding, first: &[u8]) -> Box<dyn DecodeV2 + Send> {
    match encoding {
        ContentEncoding::Gzip => Box::new(GzipDecoder::new()),
        ContentEncoding::Deflate if is_zlib(first) => Box::new(ZlibDecoder::new()),
        ContentEncoding::Deflate => Box::new(DeflateDecoder::new()),
        ContentEncoding::Brotli => Box::new(BrotliDecoder::new()),
        ContentEncoding::Zstandard => {
            let window = DParameter::window_log_max(ZSTD_WINDOW_LOG);
            Box::new(ZstdDecoder::new_with_params(&[window]))
        }
    }
}

/// Whether deflate data is in the zlib format: it begins with method and window, and a checksum over both (RFC 1950,
/// section 2.2).
fn is_zlib(first: &[u8]) -> bool {
    let [method, flags, ..] = first else {
        return false;
    };
    method & 0x0f == 8
        && method >> 4 <= 7
        && u16::from_be_bytes([*method, *flags]).is_multiple_of(31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_windows_are_read_as_the_format_defines_them() {
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
