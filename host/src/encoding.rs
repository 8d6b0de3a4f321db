//! Content encodings that this host understands, by the same names for requests and responses. A leaf.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use http::header::{self, HeaderMap};

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentEncoding {
    Gzip,
    /// The bare format or the one of zlib: senders mean either (RFC 9110, section 8.4.1.2).
    Deflate,
    Brotli,
    Zstandard,
}

/// An encoding, or a series of them, that is not understood.
#[derive(Debug, thiserror::Error)]
#[error("the content-encoding `{0}` is not understood")]
pub(crate) struct UnknownEncoding(pub(crate) String);

impl ContentEncoding {
    /// The encoding of this name, in lower case; `None` if it is another one.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"gzip" | b"x-gzip" => Some(Self::Gzip),
            b"deflate" => Some(Self::Deflate),
            b"br" => Some(Self::Brotli),
            b"zstd" => Some(Self::Zstandard),
            _ => None,
        }
    }

    /// The name by which it is labeled.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstandard => "zstd",
        }
    }

    /// Reads `Content-Encoding`, in any case, in one header or several (RFC 9110, section 8.4). `identity` and empty
    /// members count as nothing; `None` if the body is as it is.
    ///
    /// # Errors
    ///
    /// [`UnknownEncoding`] for all but those `allowed`, and for one within another.
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

/// Why there is nothing decompressed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GunzipError {
    /// It has more bytes than it may have.
    #[error("it is larger than the limit")]
    TooLarge,
    /// It is something else, cut short, or its checksum is another.
    #[error("it is no whole gzip")]
    Broken(#[source] io::Error),
}

/// Decompresses gzip, of one member or several (RFC 1952, section 2.2). Never more than `max_bytes` and one are held,
/// however much a small body stands for.
///
/// # Errors
///
/// [`GunzipError`]. What is too large is not read to its end.
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

/// What `gunzip` reads, for a reader that takes it piece by piece: up to `max_bytes` and one, which tells a text that is too
/// large from one that just fits. Its errors mean that it is no whole gzip.
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
    fn what_is_no_whole_gzip_is_told_from_what_is_too_large() {
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
