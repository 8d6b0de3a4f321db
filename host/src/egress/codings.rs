//! The codings of a response's body, according to its headers.

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName};

use crate::encoding::ContentEncoding;
use crate::report;

/// More codings than any server applies to one body. Each takes a decoder's memory.
const MAX_CODINGS: usize = 4;

/// Content codings that change a body and that the host can't decode. Any other unknown name, such as `utf-8` or
/// `binary`, says nothing about the body: servers mistake the header for one about charsets or transports.
const UNSUPPORTED: [&[u8]; 17] = [
    b"compress",
    b"x-compress",
    b"aes128gcm",
    b"aesgcm",
    b"exi",
    b"pack200-gzip",
    b"dcb",
    b"dcz",
    b"sdch",
    b"bzip2",
    b"x-bzip2",
    b"lzma",
    b"xz",
    b"lz4",
    b"snappy",
    b"x-snappy-framed",
    b"zip",
];

/// The codings of a body, and whether the body is a part of a coded whole.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Codings {
    /// In the order in which they were applied: the last one is decoded first.
    pub(super) series: Vec<ContentEncoding>,
    /// The body is a range of the coded data, so its beginning need not look like the coding's.
    pub(super) is_part: bool,
}

/// A coding that can't be decoded.
#[derive(Debug, thiserror::Error)]
pub(super) enum CodingFault {
    #[error(
        "the host can't decode the response's content-encoding `{0}`; it supports gzip, deflate, br and zstd"
    )]
    Content(String),
    #[error(
        "the host can't decode the response's transfer-encoding `{0}`; it supports gzip, deflate, br and zstd, \
         followed by a final `chunked`"
    )]
    Transfer(String),
    #[error("the response has more than {MAX_CODINGS} encodings, one within the other")]
    TooMany,
    #[error(
        "the response has a content-length as well as the transfer-encoding `{0}`, which doesn't end in `chunked`; \
         the end of its body can't be determined"
    )]
    Length(String),
}

impl Codings {
    /// The codings of a response with this status and these headers. The headers of a response without a body are
    /// never a fault.
    ///
    /// # Errors
    ///
    /// [`CodingFault`].
    pub(super) fn of(
        status: StatusCode,
        headers: &HeaderMap,
        is_head: bool,
    ) -> Result<Self, CodingFault> {
        let has_content = headers.contains_key(header::CONTENT_ENCODING);
        if !has_content && !headers.contains_key(header::TRANSFER_ENCODING) {
            return Ok(Self::default());
        }
        let read = content(headers).and_then(|mut series| {
            series.extend(transfer(headers)?);
            if series.len() > MAX_CODINGS {
                return Err(CodingFault::TooMany);
            }
            Ok(Self {
                series,
                is_part: status == StatusCode::PARTIAL_CONTENT,
            })
        });
        let is_bodiless =
            is_head || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        read.or_else(|fault| is_bodiless.then(Self::default).ok_or(fault))
    }

    /// Removes the headers that describe the coded form, which nobody receives. `chunked` is removed in any case.
    pub(super) fn leave(&self, headers: &mut HeaderMap) {
        if !self.series.is_empty() {
            headers.remove(header::CONTENT_ENCODING);
            headers.remove(header::TRANSFER_ENCODING);
            headers.remove(header::CONTENT_LENGTH);
        }
    }
}

/// The names in lower case, from all headers of this name.
fn members(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = Vec<u8>> {
    let values = headers.get_all(name).iter();
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|member| member.trim_ascii().to_ascii_lowercase())
}

fn content(headers: &HeaderMap) -> Result<Vec<ContentEncoding>, CodingFault> {
    let mut series = Vec::new();
    for member in members(headers, &header::CONTENT_ENCODING) {
        if UNSUPPORTED.contains(&member.as_slice()) {
            return Err(CodingFault::Content(shown(&member)));
        }
        series.extend(ContentEncoding::named(&member));
    }
    Ok(series)
}

/// Whether there is a transfer-encoding that names no coding.
pub(super) fn is_bare(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        && members(headers, &header::TRANSFER_ENCODING).all(|member| is_identity(&member))
}

/// The length of the body, if its headers agree on one.
pub(super) fn length(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = members(headers, &header::CONTENT_LENGTH).map(|member| {
        let is_number = member.iter().all(u8::is_ascii_digit);
        str::from_utf8(&member)
            .ok()
            .filter(|_| is_number)?
            .parse()
            .ok()
    });
    let first = lengths.next()??;
    lengths.all(|length| length == Some(first)).then_some(first)
}

fn is_identity(member: &[u8]) -> bool {
    matches!(member, b"" | b"identity")
}

/// The codings beneath `chunked`. The client decodes `chunked` if it is the very last; anywhere else it would remain
/// in the body.
fn transfer(headers: &HeaderMap) -> Result<Vec<ContentEncoding>, CodingFault> {
    let mut members: Vec<Vec<u8>> = members(headers, &header::TRANSFER_ENCODING).collect();
    let is_chunked = members.last().is_some_and(|last| last == b"chunked");
    if is_chunked {
        members.pop();
    }
    let has_length = headers.contains_key(header::CONTENT_LENGTH);
    if let Some(last) = members.last().filter(|_| has_length && !is_chunked) {
        return Err(CodingFault::Length(shown(last)));
    }
    members
        .iter()
        .filter(|member| !is_identity(member))
        .map(|member| {
            ContentEncoding::named(member).ok_or_else(|| CodingFault::Transfer(shown(member)))
        })
        .collect()
}

fn shown(member: &[u8]) -> String {
    report::shortened(&String::from_utf8_lossy(member), 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ContentEncoding::{Brotli, Deflate, Gzip, Zstandard};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn series(pairs: &[(&'static str, &'static str)]) -> Result<Vec<ContentEncoding>, String> {
        Codings::of(StatusCode::OK, &headers(pairs), false)
            .map(|codings| codings.series)
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn content_codings_are_read_in_any_form() {
        for (values, expected) in [
            (&[][..], &[][..]),
            (&["gzip"], &[Gzip]),
            (&["GZip"], &[Gzip]),
            (&["x-gzip"], &[Gzip]),
            (&[" deflate "], &[Deflate]),
            (&["br"], &[Brotli]),
            (&["ZSTD"], &[Zstandard]),
            (&["gzip, br"], &[Gzip, Brotli]),
            (&["gzip", "br"], &[Gzip, Brotli]),
            (&["gzip,,identity , gzip"], &[Gzip, Gzip]),
            (&["aws-chunked,gzip"], &[Gzip]),
        ] {
            let pairs: Vec<_> = values
                .iter()
                .map(|value| ("content-encoding", *value))
                .collect();
            assert_eq!(series(&pairs).as_deref(), Ok(expected), "{values:?}");
        }
    }

    #[test]
    fn names_that_say_nothing_about_the_body_are_ignored() {
        for value in [
            "",
            "identity",
            "utf-8",
            "UTF-8",
            "utf8",
            "none",
            "binary",
            "json",
            "aws-chunked",
            "8bit",
            "application/json",
            "iso-8859-1",
            "null",
            "*",
            "gzip;q=0",
            ",",
        ] {
            let read = series(&[("content-encoding", value)]);
            assert_eq!(read, Ok(vec![]), "{value}");
        }
    }

    #[test]
    fn codings_that_cannot_be_decoded_are_named() {
        for (name, value, named) in [
            ("content-encoding", "compress", "`compress`"),
            ("content-encoding", "gzip, X-Compress", "`x-compress`"),
            ("content-encoding", "dcb", "`dcb`"),
            ("transfer-encoding", "compress, chunked", "`compress`"),
            ("transfer-encoding", "utf-8, chunked", "`utf-8`"),
            ("transfer-encoding", "chunked, gzip", "`chunked`"),
            ("transfer-encoding", "chunked, chunked", "`chunked`"),
            ("transfer-encoding", "chunked,", "`chunked`"),
            ("transfer-encoding", "chunked, identity", "`chunked`"),
            ("transfer-encoding", "chunked;a=b", "`chunked;a=b`"),
            ("content-encoding", "br,br,br,br,br", "more than 4"),
        ] {
            let fault = series(&[(name, value)]).unwrap_err();
            assert!(fault.contains(named), "{name}: {value}: {fault}");
            let of_head = Codings::of(StatusCode::OK, &headers(&[(name, value)]), true);
            assert_eq!(of_head.unwrap(), Codings::default(), "{value}: no body");
        }
        assert_eq!(
            series(&[("content-encoding", "br,br,br,br")])
                .unwrap()
                .len(),
            4
        );
    }

    #[test]
    fn transfer_codings_are_decoded_before_content_codings() {
        for (value, expected) in [
            ("chunked", &[Brotli][..]),
            ("Chunked", &[Brotli]),
            ("identity", &[Brotli]),
            ("gzip, chunked", &[Brotli, Gzip]),
            ("GZIP,Chunked", &[Brotli, Gzip]),
            ("deflate", &[Brotli, Deflate]),
        ] {
            let pairs = [("content-encoding", "br"), ("transfer-encoding", value)];
            assert_eq!(series(&pairs).as_deref(), Ok(expected), "{value}");
        }
        let two = [
            ("transfer-encoding", "gzip"),
            ("transfer-encoding", "chunked"),
        ];
        assert_eq!(series(&two), Ok(vec![Gzip]));
    }
}
