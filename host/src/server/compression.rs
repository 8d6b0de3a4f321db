//! Compresses answers for clients that accept it.
//!
//! An answer is compressed as a whole before it is sent: its length is then known, and the work can be done where no
//! other connection waits for it. The compressed copy is charged as it grows. If there is no memory for it, or it saves
//! too little, the answer is sent as it is.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_compression::Level;
use async_compression::tokio::bufread::{BrotliEncoder, GzipEncoder, ZstdEncoder};
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::accepted::AcceptedEncoding;
use crate::account::{Holding, HostAccount};
use crate::connectors::Connector;
use crate::encoding::ContentEncoding;

/// Smaller answers are sent as they are: they fit into one packet anyway.
const LEAST_BYTES: usize = 1 << 10;

/// How much of an answer is compressed at a time.
const PIECE_BYTES: usize = 64 << 10;

/// Of an answer of more pieces than this, one is tried first.
const TRIED_FROM: usize = 4;

/// The last part of a compressed answer. While it is on its way, the page counts as being delivered.
const TAIL_BYTES: usize = 1 << 10;

/// The texts of an answer, in their order.
pub(super) type Texts = [Bytes; 3];

/// Compresses the answer of a connector as its client prefers, if that saves enough. Returns the encoding; `None` if the
/// texts stay as they are.
pub(super) async fn compress(
    texts: &mut Texts,
    accepted: AcceptedEncoding,
    connector: &Connector,
) -> Option<ContentEncoding> {
    let encoding = accepted.preferred?;
    let bytes = texts.iter().map(Bytes::len).sum();
    if bytes < LEAST_BYTES && !accepted.must_encode {
        return None;
    }
    let (plain, account) = (texts.clone(), connector.host_account().clone());
    let work = move || compressed(&plain, encoding, accepted.must_encode, &account);
    // If the host is shutting down, the plain answer is sent.
    let body = connector.work_aside(bytes, work).await.ok()??;
    *texts = with_tail(body);
    Some(encoding)
}

/// The same bytes with a small piece at the end.
fn with_tail(mut body: Bytes) -> Texts {
    let tail = body.split_off(body.len().saturating_sub(TAIL_BYTES));
    [Bytes::new(), body, tail]
}

/// `None` if it saves too little, or there is no memory for it.
fn compressed(
    texts: &Texts,
    encoding: ContentEncoding,
    must_encode: bool,
    account: &Arc<HostAccount>,
) -> Option<Bytes> {
    let bytes: usize = texts.iter().map(Bytes::len).sum();
    let worthwhile = |bytes: usize| {
        if must_encode {
            usize::MAX
        } else {
            bytes / 10 * 9
        }
    };
    let longest = texts.iter().max_by_key(|text| text.len())?;
    if bytes > TRIED_FROM * PIECE_BYTES
        && let Some(sample) = longest.get(..PIECE_BYTES)
    {
        encoded(
            [sample, &[], &[]],
            encoding,
            worthwhile(PIECE_BYTES),
            account,
        )?;
    }
    let texts = texts.each_ref().map(AsRef::as_ref);
    Some(encoded(texts, encoding, worthwhile(bytes), account)?.shared())
}

/// The texts in this encoding, if that takes at most so many bytes and there is memory for them.
fn encoded(
    texts: [&[u8]; 3],
    encoding: ContentEncoding,
    most_bytes: usize,
    account: &Arc<HostAccount>,
) -> Option<Holding<Vec<u8>>> {
    let mut body = Holding::new(Vec::new(), account.charge(0).ok()?);
    let mut encoder = encoder(texts, encoding)?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = read(encoder.as_mut(), &mut piece).ok()?;
        let more = piece.get(..read)?;
        if more.is_empty() {
            return Some(body);
        }
        if body.len().saturating_add(read) > most_bytes {
            return None;
        }
        body.append(more, u64::MAX).ok()?;
    }
}

/// `None` for an encoding that answers never have.
fn encoder<'t>(
    [first, second, third]: [&'t [u8]; 3],
    encoding: ContentEncoding,
) -> Option<Pin<Box<dyn AsyncRead + Send + 't>>> {
    let text = first.chain(second).chain(third);
    match encoding {
        ContentEncoding::Gzip => Some(Box::pin(GzipEncoder::with_quality(text, Level::Fastest))),
        ContentEncoding::Zstandard => {
            Some(Box::pin(ZstdEncoder::with_quality(text, Level::Precise(1))))
        }
        ContentEncoding::Brotli => Some(Box::pin(BrotliEncoder::with_quality(
            text,
            Level::Precise(1),
        ))),
        ContentEncoding::Deflate => None,
    }
}

/// Reads from memory, which never waits.
fn read(reader: Pin<&mut (dyn AsyncRead + Send + '_)>, piece: &mut [u8]) -> io::Result<usize> {
    let mut buffer = ReadBuf::new(piece);
    match reader.poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer) {
        Poll::Ready(read) => read.map(|()| buffer.filled().len()),
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [ContentEncoding; 3] = [
        ContentEncoding::Gzip,
        ContentEncoding::Zstandard,
        ContentEncoding::Brotli,
    ];

    fn rows(bytes: usize) -> Texts {
        let row = r#"{"id": 1234, "name": "a row like many others", "city": "Copenhagen"},"#;
        let text = row.repeat(bytes / row.len());
        ["{\"insert\": [".into(), text.into(), "]}".into()]
    }

    /// Bytes without any pattern.
    fn noise(bytes: usize) -> Texts {
        let mut noise = vec![0; bytes];
        getrandom::fill(&mut noise).unwrap();
        [Bytes::new(), noise.into(), Bytes::new()]
    }

    fn account() -> Arc<HostAccount> {
        HostAccount::new(1 << 30)
    }

    /// What a client reads.
    fn decoded(body: &[u8], encoding: ContentEncoding) -> Vec<u8> {
        use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
        let mut decoder: Pin<Box<dyn AsyncRead + Send + '_>> = match encoding {
            ContentEncoding::Zstandard => Box::pin(ZstdDecoder::new(body)),
            ContentEncoding::Brotli => Box::pin(BrotliDecoder::new(body)),
            _ => Box::pin(GzipDecoder::new(body)),
        };
        let (mut plain, mut piece) = (Vec::new(), vec![0; 10_000]);
        loop {
            let bytes = read(decoder.as_mut(), &mut piece).unwrap();
            if bytes == 0 {
                return plain;
            }
            plain.extend_from_slice(&piece[..bytes]);
        }
    }

    #[test]
    fn clients_read_the_same_text() {
        for encoding in ALL {
            for bytes in [2 << 10, 100 << 10, 3 << 20] {
                let texts = rows(bytes);
                let body = compressed(&texts, encoding, false, &account()).unwrap();
                assert!(body.len() < bytes / 4, "{encoding:?}: {}", body.len());
                assert!(decoded(&body, encoding) == texts.concat(), "{encoding:?}");
            }
        }
    }

    #[test]
    fn compressed_copies_are_charged_until_they_are_dropped() {
        for encoding in ALL {
            let account = account();
            let body = compressed(&rows(4 << 20), encoding, false, &account).unwrap();
            assert!(account.used_bytes() >= body.len() as u64, "{encoding:?}");
            let parts = with_tail(body);
            drop(parts);
            assert_eq!(account.used_bytes(), 0, "{encoding:?}");
        }
    }

    #[test]
    fn without_memory_for_it_nothing_is_compressed() {
        for encoding in ALL {
            let account = HostAccount::new(100 << 10);
            assert!(compressed(&noise(1 << 20), encoding, true, &account).is_none());
            assert_eq!(account.used_bytes(), 0);
        }
    }

    #[test]
    fn what_saves_too_little_is_not_compressed_unless_it_must_be() {
        for encoding in ALL {
            for bytes in [2 << 10, 1 << 20] {
                let texts = noise(bytes);
                let plain = compressed(&texts, encoding, false, &account());
                assert!(plain.is_none(), "{encoding:?} of {bytes}");
                let body = compressed(&texts, encoding, true, &account());
                assert!(body.is_some_and(|body| body.len() >= bytes));
            }
        }
    }

    #[test]
    fn the_tail_completes_the_body() {
        for length in [0, 1, TAIL_BYTES, TAIL_BYTES + 1, 10 * TAIL_BYTES] {
            let body: Bytes = (0..length).map(|byte| byte.to_le_bytes()[0]).collect();
            let [_, _, tail] = with_tail(body.clone());
            assert_eq!(tail.len(), length.min(TAIL_BYTES));
            assert_eq!(with_tail(body.clone()).concat(), body);
        }
    }

    #[test]
    fn empty_texts_are_read_to_their_end() {
        let nothing = [Bytes::new(), Bytes::new(), Bytes::new()];
        for encoding in ALL {
            let body = compressed(&nothing, encoding, true, &account()).unwrap();
            assert!(decoded(&body, encoding).is_empty(), "{encoding:?}");
        }
    }
}
