//! Content encodings that this host understands, with the same names for requests and responses. A leaf.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use http::header::{self, HeaderMap};

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentEncoding {
    Gzip,
    /// Raw DEFLATE or the zlib format: senders mean either (RFC 9110, section 8.4.1.2).
    Deflate,
    Brotli,
    Zstandard,
}

/// An encoding, or a series of encodings, that the host does not support.
#[derive(Debug, thiserror::Error)]
#[error("the content-encoding `{0}` is not supported")]
pub(crate) struct UnknownEncoding(pub(crate) String);

impl ContentEncoding {
    /// The encoding with this name, in lower case; `None` if the host has no such encoding.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"gzip" | b"x-gzip" => Some(Self::Gzip),
            b"deflate" => Some(Self::Deflate),
            b"br" => Some(Self::Brotli),
            b"zstd" => Some(Self::Zstandard),
            _ => None,
        }
    }

    /// The encoding's name in headers.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstandard => "zstd",
        }
    }

    /// Reads `Content-Encoding`, in upper or lower case, from one header or several (RFC 9110, section 8.4).
    /// `identity` and empty members are ignored; `None` if the body is not encoded.
    ///
    /// # Errors
    ///
    /// [`UnknownEncoding`] if the encoding is not one of `allowed`, or if there is more than one.
    pub(crate) fn of(
        headers: &HeaderMap,
        allowed: &[Self],
    ) -> Result<Option<Self>, UnknownEncoding> {
        let mut encoding = None;
        for value in headers.get_all(header::CONTENT_ENCODING) {
            for member in value.as_bytes().split(|byte| *byte == b',') {
                let member = member.trim_ascii().to_ascii_lowercase();
                if matches!(member.as_slice(), b"" | b"identity") {
                    continue;
                }
                let found = Self::named(&member).filter(|found| allowed.contains(found));
                if found.is_none() || encoding.is_some() {
                    let value = String::from_utf8_lossy(value.as_bytes());
                    return Err(UnknownEncoding(crate::report::shortened(&value, 100)));
                }
                encoding = found;
            }
        }
        Ok(encoding)
    }
}

/// Why a body could not be decompressed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GunzipError {
    /// It has more bytes than allowed.
    #[error("it is larger than the limit")]
    TooLarge,
    /// It is not gzip, it is truncated, or its checksum doesn't match.
    #[error("it is not a complete gzip stream")]
    Broken(#[source] io::Error),
}

/// Decompresses gzip with one member or several (RFC 1952, section 2.2). At most `max_bytes + 1` bytes are held, even
/// if a small body expands to far more.
///
/// # Errors
///
/// [`GunzipError`]. A body that is too large is not read to its end.
pub(crate) fn gunzip(sent: &[u8], max_bytes: usize) -> Result<Bytes, GunzipError> {
    let mut plain = Vec::new();
    gzip_reader(sent, max_bytes)
        .read_to_end(&mut plain)
        .map_err(GunzipError::Broken)?;
    if plain.len() > max_bytes {
        return Err(GunzipError::TooLarge);
    }
    Ok(plain.into())
}

/// The reader behind `gunzip`, for callers that read piece by piece. It yields at most `max_bytes + 1` bytes, so a
/// text that is too large can be distinguished from one that just fits. Its errors mean that the body is not a
/// complete gzip stream.
pub(crate) fn gzip_reader(sent: &[u8], max_bytes: usize) -> impl Read {
    let limit = u64::try_from(max_bytes).map_or(u64::MAX, |max| max.saturating_add(1));
    MultiGzDecoder::new(sent).take(limit)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_read_up_to_its_limit() {
        let two_members = [gzip(b"one, "), gzip(b"two")].concat();
        for (sent, max_bytes, expected) in [
            (gzip(b""), 0, Some("")),
            (gzip(b"one"), 3, Some("one")),
            (gzip(b"one"), usize::MAX, Some("one")),
            (two_members.clone(), 8, Some("one, two")),
            (gzip(b"one"), 2, None),
            (gzip(b"o"), 0, None),
            (two_members, 7, None),
            (gzip(&[0; 1 << 20]), 1 << 10, None),
        ] {
            let read = gunzip(&sent, max_bytes);
            match expected {
                Some(plain) => assert_eq!(read.unwrap(), plain),
                None => assert!(matches!(read, Err(GunzipError::TooLarge)), "{read:?}"),
            }
        }
    }

    #[test]
    fn incomplete_gzip_and_a_too_large_text_are_different_errors() {
        let whole = gzip(b"one and two and three");
        let mut wrong_sum = whole.clone();
        let last = wrong_sum.len() - 5;
        wrong_sum[last] ^= 0xff;
        for sent in [b"", &b"plain"[..], &whole[..whole.len() / 2], &wrong_sum] {
            let read = gunzip(sent, 100);
            assert!(matches!(read, Err(GunzipError::Broken(_))), "{read:?}");
        }
    }

    #[test]
    fn encodings_are_read_in_any_form() {
        use ContentEncoding::{Brotli, Gzip, Zstandard};
        for (values, of_all, of_gzip) in [
            (&[][..], Some(None), Some(None)),
            (&[""], Some(None), Some(None)),
            (&["identity"], Some(None), Some(None)),
            (&["gzip"], Some(Some(Gzip)), Some(Some(Gzip))),
            (&["GZip"], Some(Some(Gzip)), Some(Some(Gzip))),
            (&["x-gzip"], Some(Some(Gzip)), Some(Some(Gzip))),
            (&["identity, gzip"], Some(Some(Gzip)), Some(Some(Gzip))),
            (&["identity", "gzip"], Some(Some(Gzip)), Some(Some(Gzip))),
            (&["gzip, gzip"], None, None),
            (&["br"], Some(Some(Brotli)), None),
            (&["ZSTD"], Some(Some(Zstandard)), None),
            (&["gzip, br"], None, None),
            (&["gzip", "br"], None, None),
            (&["deflate"], None, None),
        ] {
            let headers: HeaderMap = values
                .iter()
                .map(|value| (header::CONTENT_ENCODING, value.parse().unwrap()))
                .collect();
            let all = ContentEncoding::of(&headers, &[Gzip, Brotli, Zstandard]);
            assert_eq!(all.ok(), of_all, "{values:?}");
            let gzip = ContentEncoding::of(&headers, &[Gzip]);
            assert_eq!(gzip.ok(), of_gzip, "{values:?}");
        }
    }
}
