//! Bodies in every coding, in one piece and byte by byte.

use std::collections::VecDeque;

use async_compression::tokio::bufread::{
    BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder,
};
use tokio::io::AsyncReadExt;

use super::*;
use crate::account::HostAccount;
use crate::egress::failure::FailureKind;
use crate::encoding::ContentEncoding::{self, Brotli, Deflate, Gzip, Zstandard};
use crate::report;
use crate::secrets::Secrets;

const ROWS: &[u8] = br#"[{"id":1,"name":"gr\u00fc\u00dfe"},{"id":2,"name":"x"}]"#;

/// A body in pieces.
struct Pieces(VecDeque<Bytes>);

impl Pieces {
    fn new(bytes: &[u8], size: usize) -> Self {
        Self(bytes.chunks(size).map(Bytes::copy_from_slice).collect())
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}

/// Deflate in the zlib format; [`coded`] produces the bare format.
async fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut coded = Vec::new();
    let mut encoder = ZlibEncoder::new(plain);
    encoder.read_to_end(&mut coded).await.unwrap();
    coded
}

async fn coded(encoding: ContentEncoding, plain: &[u8]) -> Vec<u8> {
    let mut encoder: Pin<Box<dyn AsyncRead>> = match encoding {
        Gzip => Box::pin(GzipEncoder::new(plain)),
        Deflate => Box::pin(DeflateEncoder::new(plain)),
        Brotli => Box::pin(BrotliEncoder::new(plain)),
        Zstandard => Box::pin(ZstdEncoder::new(plain)),
    };
    let mut coded = Vec::new();
    encoder.read_to_end(&mut coded).await.unwrap();
    coded
}

/// The decoded body for pieces of every size, or the error.
async fn decoded(body: &[u8], series: &[ContentEncoding]) -> Result<Vec<u8>, String> {
    decoded_with_warnings(body, series).await.0
}

/// The same, with the warnings.
async fn decoded_with_warnings(
    body: &[u8],
    series: &[ContentEncoding],
) -> (Result<Vec<u8>, String>, Vec<String>) {
    let mut ends = Vec::new();
    for size in [1, 3, body.len().max(1)] {
        let body = Pieces::new(body, size);
        let limits = limits(1 << 20, HOUR);
        let warnings = limits.warnings.clone();
        let ended = read(body, series.iter().copied(), limits).await;
        let ended = ended.map_err(|error| report::chain(&error));
        ends.push((ended, warnings.given()));
    }
    let last = ends.pop().unwrap();
    for end in ends {
        assert_eq!(end, last, "{series:?}");
    }
    last
}

#[tokio::test]
async fn every_coding_is_decoded_whatever_its_pieces() {
    for encoding in [Gzip, Deflate, Brotli, Zstandard] {
        for plain in [ROWS, &b""[..], &[b'x'; 100_000]] {
            let body = coded(encoding, plain).await;
            let read = decoded(&body, &[encoding]).await;
            assert!(read.as_deref() == Ok(plain), "{encoding:?} {}", plain.len());
        }
        assert_eq!(
            decoded(b"", &[encoding]).await,
            Ok(vec![]),
            "no body at all"
        );
    }
    let body = zlib(ROWS).await;
    assert_eq!(decoded(&body, &[Deflate]).await.as_deref(), Ok(ROWS));
}

#[tokio::test]
async fn nested_codings_and_consecutive_members_are_decoded() {
    for series in [
        [Gzip, Brotli],
        [Brotli, Gzip],
        [Gzip, Gzip],
        [Zstandard, Deflate],
    ] {
        let inner = coded(series[0], ROWS).await;
        let body = coded(series[1], &inner).await;
        assert_eq!(
            decoded(&body, &series).await.as_deref(),
            Ok(ROWS),
            "{series:?}"
        );
    }
    for encoding in [Gzip, Zstandard] {
        let (one, two) = ROWS.split_at(10);
        let body = [coded(encoding, one).await, coded(encoding, two).await].concat();
        assert_eq!(decoded(&body, &[encoding]).await.as_deref(), Ok(ROWS));
    }
}

#[tokio::test]
async fn bytes_after_the_end_of_a_coding_are_ignored() {
    let zeros = [0; 512];
    for encoding in [Gzip, Deflate, Brotli, Zstandard] {
        let mut bodies = vec![coded(encoding, ROWS).await];
        if encoding == Deflate {
            bodies.push(zlib(ROWS).await);
        }
        if matches!(encoding, Gzip | Zstandard) {
            let (one, two) = ROWS.split_at(10);
            bodies.push([coded(encoding, one).await, coded(encoding, two).await].concat());
        }
        for body in bodies {
            for (rest, is_reported) in [
                (&b""[..], false),
                (b"\0", false),
                (b"\0\0\0", false),
                (&zeros, false),
                (b"\n", true),
                (b"junk at the end", true),
                (b"\0\0\0\0\0\0junk", true),
            ] {
                let body = [&body, rest].concat();
                let (read, warnings) = decoded_with_warnings(&body, &[encoding]).await;
                let shown = rest.escape_ascii();
                assert_eq!(read.as_deref(), Ok(ROWS), "{encoding:?} {shown}");
                assert_eq!(
                    warnings.len(),
                    usize::from(is_reported),
                    "{encoding:?} {shown}"
                );
                let named = format!("continues after the end of its {} data", encoding.label());
                assert!(warnings.iter().all(|warning| warning.contains(&named)));
            }
        }
    }
    // The rest of the inner coding is the rest of a body, too.
    let inner = [&coded(Gzip, ROWS).await[..], b"junk"].concat();
    let body = [&coded(Gzip, &inner).await[..], &zeros].concat();
    let (read, warnings) = decoded_with_warnings(&body, &[Gzip, Gzip]).await;
    assert_eq!((read.as_deref(), warnings.len()), (Ok(ROWS), 1));
}

#[tokio::test]
async fn bytes_after_the_end_of_a_coding_are_bounded() {
    let body = [&coded(Gzip, ROWS).await[..], &vec![0; 4 << 20]].concat();
    let pieces = Pieces::new(&body, 1000);
    let ended = read(pieces, [Gzip], limits(1 << 20, HOUR)).await;
    assert!(
        matches!(ended, Err(EgressError::ResponseTooLarge { .. })),
        "{ended:?}"
    );
}

#[tokio::test]
async fn truncated_or_damaged_member_is_not_ignored() {
    for encoding in [Gzip, Zstandard] {
        let one = coded(encoding, ROWS).await;
        for length in [1, 2, 3, 5, one.len() / 2, one.len() - 1] {
            let body = [&one[..], &one[..length]].concat();
            let read = decoded(&body, &[encoding]).await;
            assert!(read.is_err(), "{encoding:?} {length}: {read:?}");
        }
        // In the head of the frame, since Zstandard has no checksum at its end here.
        let mut damaged = one.clone();
        damaged[if encoding == Gzip { one.len() / 2 } else { 4 }] ^= 0xff;
        let body = [&one[..], &damaged].concat();
        let read = decoded(&body, &[encoding]).await;
        assert!(read.is_err(), "{encoding:?}: {read:?}");
    }
    // Wrong checksums at the end, after correct data.
    let gzip = coded(Gzip, ROWS).await;
    for (mut body, encoding, from_end) in [
        (gzip.clone(), Gzip, 8),
        (gzip, Gzip, 1),
        (zlib(ROWS).await, Deflate, 2),
    ] {
        let at = body.len() - from_end;
        body[at] ^= 0xff;
        assert!(decoded(&body, &[encoding]).await.is_err(), "{encoding:?}");
    }
}

#[tokio::test]
async fn plain_body_with_a_wrong_label_is_read_unchanged_with_one_warning() {
    for plain in [
        ROWS,
        b"x",
        b"id;name\n1;a\n",
        b"Person",
        b"\xff\xfe{\0",
        b"x^2",
        b"(\xb5) and more",
        // It can't be identified.
        b"\xab\x56\xca\xcf",
    ] {
        let (read, warnings) = decoded_with_warnings(plain, &[Gzip]).await;
        assert_eq!(read.as_deref(), Ok(plain));
        let shown_warnings = warnings.concat();
        assert_eq!(warnings.len(), 1, "{shown_warnings}");
        assert!(
            shown_warnings.contains("passed on unchanged"),
            "{shown_warnings}"
        );
    }
    // Its label is right about the outer coding, and wrong about the inner one.
    let body = coded(Brotli, ROWS).await;
    assert_eq!(decoded(&body, &[Gzip, Brotli]).await.as_deref(), Ok(ROWS));
}

#[tokio::test]
async fn body_of_another_coding_than_its_label_is_read_as_what_it_is() {
    for label in [Gzip, Deflate, Zstandard] {
        for (found, body) in [
            (Gzip, coded(Gzip, ROWS).await),
            (Zstandard, coded(Zstandard, ROWS).await),
            (Deflate, zlib(ROWS).await),
        ] {
            let (read, warnings) = decoded_with_warnings(&body, &[label]).await;
            assert_eq!(read.as_deref(), Ok(ROWS), "{label:?} {found:?}");
            let shown_warnings = warnings.concat();
            assert_eq!(
                warnings.len(),
                usize::from(label != found),
                "{shown_warnings}"
            );
            let said = format!(
                "content-encoding is {}, but its body begins like {}",
                label.label(),
                found.label()
            );
            assert!(
                label == found || shown_warnings.contains(&said),
                "{shown_warnings}"
            );
            let cut = decoded(&body[..body.len() - 1], &[label]).await;
            assert!(cut.is_err(), "{label:?} {found:?}");
        }
    }
}

#[tokio::test]
async fn compressed_body_whose_coding_cannot_be_identified_is_an_error() {
    let body = coded(Gzip, ROWS).await;
    assert!(decoded(&body, &[Brotli]).await.is_err());
    for encoding in [Brotli, Deflate, Zstandard] {
        assert!(decoded(ROWS, &[encoding]).await.is_err(), "{encoding:?}");
    }
    // The middle of compressed data doesn't begin like the format.
    let mut middle = codings([Gzip]);
    middle.is_part = true;
    let body = coded(Gzip, ROWS).await;
    let limits = limits(1 << 20, HOUR);
    let record = CallRecord::new("beers".into(), "GET", None, Secrets::default());
    let charge = limits.memory.charge(0).unwrap();
    let part = Pieces::new(&body[5..], 100);
    let mut part = ResponseBody::new(part, &middle, None, limits, record, charge);
    assert!(part.whole().await.is_err());
}

#[tokio::test]
async fn body_that_is_truncated_within_a_coding_is_an_error() {
    for encoding in [Gzip, Deflate, Brotli, Zstandard] {
        let body = coded(encoding, ROWS).await;
        for length in [1, 2, body.len() / 2, body.len() - 1] {
            let read = decoded(&body[..length], &[encoding]).await;
            assert!(read.is_err(), "{encoding:?} {length}: {read:?}");
        }
        let outer = coded(Gzip, &body[..body.len() - 2]).await;
        assert!(
            decoded(&outer, &[encoding, Gzip]).await.is_err(),
            "{encoding:?}"
        );
    }
}

#[tokio::test]
async fn output_of_one_coding_for_another_is_bounded_too() {
    // Empty members of gzip, which decode to nothing: 4 MiB of them in a few kilobytes.
    let empty = coded(Gzip, b"").await;
    let padding = empty.repeat((4 << 20) / empty.len());
    let body = coded(Gzip, &padding).await;
    assert!(body.len() < 64 << 10, "it is a bomb");
    let ended = read(
        Pieces::new(&body, body.len()),
        [Gzip, Gzip],
        limits(1 << 20, HOUR),
    )
    .await;
    assert!(
        matches!(ended, Err(EgressError::ResponseTooLarge { .. })),
        "{ended:?}"
    );
    let some = empty.repeat((1 << 20) / empty.len());
    let body = coded(Gzip, &some).await;
    assert!(decoded(&body, &[Gzip, Gzip]).await.is_ok());
}

#[tokio::test]
async fn each_of_several_decoders_is_charged() {
    let inner = coded(Zstandard, ROWS).await;
    let body = coded(Zstandard, &inner).await;
    for (mebibytes, is_enough) in [(12, false), (20, true)] {
        let host = HostAccount::new(mebibytes << 20);
        let body = Pieces::new(&body, 100);
        let limits = limits_of(&host, 1 << 20, HOUR);
        let ended = read(body, [Zstandard, Zstandard], limits).await;
        assert_eq!(ended.is_ok(), is_enough, "{mebibytes}: {ended:?}");
        assert_eq!(host.used_bytes(), 0);
    }
}

/// Whether the answer with this body is not retried, and the error.
async fn judged(body: &[u8], encoding: ContentEncoding) -> (bool, String) {
    let limits = limits(1 << 20, HOUR);
    let record = CallRecord::new("beers".into(), "GET", None, Secrets::default());
    let charge = limits.memory.charge(0).unwrap();
    let pieces = Pieces::new(body, 100);
    let codings = codings([encoding]);
    let mut body = ResponseBody::new(pieces, &codings, None, limits, record, charge);
    let error = body.whole().await.err().unwrap();
    let is_lasting = FailureKind::of(&error) == Some(FailureKind::Lasting);
    (is_lasting, report::chain(&error))
}

#[tokio::test]
async fn body_in_another_coding_is_not_retried() {
    let rows = ROWS.repeat(20);
    for labeled in [Deflate, Brotli, Zstandard] {
        let others = [Gzip, Deflate, Brotli, Zstandard];
        let mut bodies = vec![ROWS.to_vec(), rows.clone(), br#"{"ok":1}"#.to_vec()];
        for other in others.into_iter().filter(|other| *other != labeled) {
            // Either may begin like the other by chance; a body that is identified is read.
            let is_reported = matches!(other, Gzip | Zstandard) && labeled != Brotli;
            if !is_reported && !matches!((labeled, other), (Deflate, Brotli) | (Brotli, Deflate)) {
                bodies.push(coded(other, &rows).await);
            }
        }
        for body in bodies {
            let (is_lasting, text) = judged(&body, labeled).await;
            let shown = body[..8].escape_ascii();
            assert!(is_lasting, "{labeled:?} {shown}: {text}");
            let named = format!("labeled as {}", labeled.label());
            assert!(text.contains(&named), "{labeled:?} {shown}: {text}");
        }
    }
}

#[tokio::test]
async fn truncated_body_is_retried() {
    let rows = ROWS.repeat(20);
    for encoding in [Gzip, Deflate, Brotli, Zstandard] {
        let body = coded(encoding, &rows).await;
        for length in [body.len() / 2, body.len() - 1] {
            let (is_lasting, text) = judged(&body[..length], encoding).await;
            assert!(!is_lasting, "{encoding:?} {length}: {text}");
            let named = format!("it ends before its {} data does", encoding.label());
            assert!(text.contains(&named), "{encoding:?} {length}: {text}");
        }
    }
    let body = zlib(&rows).await;
    let (is_lasting, text) = judged(&body[..body.len() - 2], Deflate).await;
    assert!(!is_lasting, "{text}");
}
