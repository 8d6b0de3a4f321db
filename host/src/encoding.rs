//! Content encodings that this host understands, read the same way for requests and responses. A leaf.

use http::header::{self, HeaderMap};

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
}

/// An encoding, or a series of them, that is not understood.
#[derive(Debug, thiserror::Error)]
#[error("the content-encoding `{0}` is not understood")]
pub(crate) struct UnknownEncoding(pub(crate) String);

impl Encoding {
    /// Reads `Content-Encoding`, in any case, in one header or several (RFC 9110, section 8.4). `identity` and empty
    /// members count as nothing.
    ///
    /// # Errors
    ///
    /// [`UnknownEncoding`] for all but gzip, and for gzip within gzip.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, UnknownEncoding> {
        let mut encoding = Self::Identity;
        for value in headers.get_all(header::CONTENT_ENCODING) {
            for member in value.as_bytes().split(|byte| *byte == b',') {
                let member = member.trim_ascii().to_ascii_lowercase();
                match (member.as_slice(), encoding) {
                    (b"" | b"identity", _) => {}
                    (b"gzip" | b"x-gzip", Self::Identity) => encoding = Self::Gzip,
                    _ => {
                        let value = String::from_utf8_lossy(value.as_bytes());
                        return Err(UnknownEncoding(crate::report::shortened(&value, 100)));
                    }
                }
            }
        }
        Ok(encoding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_read_in_any_form() {
        for (values, expected) in [
            (&[][..], Some(Encoding::Identity)),
            (&[""], Some(Encoding::Identity)),
            (&["identity"], Some(Encoding::Identity)),
            (&["gzip"], Some(Encoding::Gzip)),
            (&["GZip"], Some(Encoding::Gzip)),
            (&["x-gzip"], Some(Encoding::Gzip)),
            (&["identity, gzip"], Some(Encoding::Gzip)),
            (&["identity", "gzip"], Some(Encoding::Gzip)),
            (&["gzip, gzip"], None),
            (&["br"], None),
            (&["gzip, br"], None),
        ] {
            let headers: HeaderMap = values
                .iter()
                .map(|value| (header::CONTENT_ENCODING, value.parse().unwrap()))
                .collect();
            assert_eq!(Encoding::of(&headers).ok(), expected, "{values:?}");
        }
    }
}
