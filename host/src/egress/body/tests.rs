mod codings;

use std::time::Duration;

use http_body::SizeHint;

use super::*;
use crate::account::{HostAccount, MemoryError};
use crate::config::Limits;
use crate::egress::memory::MemoryPayer;
use crate::egress::response_warnings::ResponseWarnings;
use crate::encoding::ContentEncoding;
use crate::scope::DeadlineReason;
use crate::secrets::Secrets;

/// A body that never makes its reader wait: one piece again and again, up to a number of bytes.
struct Flood {
    piece: Bytes,
    left: usize,
}

impl Body for Flood {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = self.piece.clone();
        Poll::Ready(self.left.checked_sub(piece.len()).map(|left| {
            self.left = left;
            Ok(Frame::data(piece))
        }))
    }
}

fn flood(piece: &[u8]) -> Flood {
    Flood {
        piece: Bytes::copy_from_slice(piece),
        left: 16 << 20,
    }
}

fn codings(encoding: impl IntoIterator<Item = ContentEncoding>) -> Codings {
    Codings {
        series: encoding.into_iter().collect(),
        is_part: false,
    }
}

async fn read<B>(
    body: B,
    encoding: impl IntoIterator<Item = ContentEncoding>,
    limits: BodyLimits,
) -> Result<Vec<u8>, EgressError>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<TransferError>,
{
    let record = CallRecord::new("beers".into(), "GET", None, Secrets::default());
    let charge = limits.memory.charge(0).unwrap();
    let mut body = ResponseBody::new(body, &codings(encoding), None, limits, record, charge);
    body.whole().await.map(|bytes| bytes.into_parts().0)
}

fn limits(max_bytes: u64, time: Duration) -> BodyLimits {
    limits_of(&HostAccount::new(u64::MAX), max_bytes, time)
}

fn limits_of(host: &Arc<HostAccount>, max_bytes: u64, time: Duration) -> BodyLimits {
    let deadline = Deadline::new(Instant::now(), time, DeadlineReason::Total);
    let scope = CallScope::new(&Limits::default(), deadline, Arc::default(), host);
    BodyLimits {
        max_bytes,
        idle: TimeLimit::of(None, Duration::from_secs(30)),
        deadline,
        memory: ExchangeMemory::new(&scope.account, MemoryPayer::Host),
        warnings: warnings(),
        scope: Arc::new(scope),
    }
}

fn warnings() -> Arc<ResponseWarnings> {
    Arc::new(ResponseWarnings::new("beers".into(), Secrets::default()))
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn body_that_always_has_more_ends_with_its_time() {
    let ended = read(flood(b"row"), None, limits(u64::MAX, Duration::ZERO)).await;
    assert!(
        matches!(
            ended,
            Err(EgressError::Timeout {
                limit: Timeout::Deadline(bound),
                ..
            }) if bound.reason == DeadlineReason::Total
        ),
        "{ended:?}"
    );
}

#[tokio::test]
async fn padding_that_decodes_to_nothing_is_too_large_too() {
    // An empty member of gzip, and a skippable frame of Zstandard (RFC 8878, 3.1.2).
    let member = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 0, 0, 0, 0];
    for (encoding, padding) in [
        (ContentEncoding::Gzip, &member[..]),
        (ContentEncoding::Zstandard, &skipped[..]),
    ] {
        let ended = read(flood(padding), Some(encoding), limits(1 << 20, HOUR)).await;
        assert!(
            matches!(
                ended,
                Err(EgressError::ResponseTooLarge {
                    limit_bytes: 0x10_0000
                })
            ),
            "{encoding:?}: {ended:?}"
        );
        // A little of it does no harm.
        let mut some = flood(padding);
        some.left = 32 << 10;
        assert!(
            read(some, Some(encoding), limits(1, HOUR)).await.is_ok(),
            "{encoding:?}"
        );
    }
}

/// A body that announces its length and must not be read at all.
struct Announced(u64);

impl Body for Announced {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        panic!("it is read");
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

#[tokio::test]
async fn length_that_is_announced_as_too_large_ends_the_body_unread() {
    for (encoding, length) in [(None, 1001), (Some(ContentEncoding::Gzip), 1 << 20)] {
        let ended = read(Announced(length), encoding, limits(1000, HOUR)).await;
        assert!(
            matches!(
                ended,
                Err(EgressError::ResponseTooLarge { limit_bytes: 1000 })
            ),
            "{length}: {ended:?}"
        );
    }
}

#[tokio::test]
async fn body_that_outgrows_the_memory_of_all_calls_ends_and_frees_it() {
    let host = HostAccount::new(8 << 20);
    let ended = read(
        flood(&[b'x'; 64 << 10]),
        None,
        limits_of(&host, u64::MAX, HOUR),
    )
    .await;
    assert!(
        matches!(ended, Err(EgressError::OutOfMemory(MemoryError::Total(_)))),
        "{ended:?}"
    );
    // Large memory is freed by a separate thread.
    while host.used_bytes() > 0 {
        tokio::task::yield_now().await;
    }
    let mut some = flood(&[b'x'; 64 << 10]);
    some.left = 2 << 20;
    let limits = limits_of(&host, u64::MAX, HOUR);
    let record = CallRecord::new("beers".into(), "GET", None, Secrets::default());
    let charge = limits.memory.charge(100).unwrap();
    let mut body = ResponseBody::new(some, &Codings::default(), None, limits, record, charge);
    let (bytes, charge) = body.whole().await.unwrap().into_parts();
    assert_eq!((bytes.len(), charge.bytes()), (2 << 20, 2 << 20));
    assert_eq!(
        host.used_bytes(),
        2 << 20,
        "its connection is not held any longer"
    );
}

#[tokio::test]
async fn decoders_are_charged_while_they_exist() {
    // A frame of Zstandard that never ends, and a Brotli stream with a window of 16 MiB.
    for (encoding, begun, bytes) in [
        (
            ContentEncoding::Zstandard,
            &[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38][..],
            8 << 20,
        ),
        (ContentEncoding::Brotli, &[0x0f], 16 << 20),
        (ContentEncoding::Gzip, &[0x1f, 0x8b], 64 << 10),
    ] {
        for is_enough in [false, true] {
            let host = HostAccount::new(if is_enough { bytes * 2 } else { bytes });
            let limits = limits_of(&host, u64::MAX, HOUR);
            let record = CallRecord::new("beers".into(), "GET", None, Secrets::default());
            let charge = limits.memory.charge(0).unwrap();
            let mut frames = flood(begun);
            frames.left = begun.len();
            let mut body = ResponseBody::new(
                frames,
                &codings(Some(encoding)),
                None,
                limits,
                record,
                charge,
            );
            let ended = body.frame().await;
            let is_refused = matches!(ended, Some(Err(EgressError::OutOfMemory(_))));
            assert_eq!(is_refused, !is_enough, "{encoding:?}: {ended:?}");
            assert_eq!(host.used_bytes(), 0, "{encoding:?}");
        }
    }
}

#[tokio::test]
async fn brotli_window_beyond_the_format_is_refused() {
    let ended = read(
        flood(&[0x11]),
        Some(ContentEncoding::Brotli),
        limits(u64::MAX, HOUR),
    )
    .await;
    let Err(error) = ended else {
        panic!("it is read");
    };
    let text = crate::report::chain(&error);
    assert!(text.contains("window of more than 16 MiB"), "{text}");
}

#[tokio::test]
async fn beginning_is_read_no_further_than_needed_and_stays_part_of_the_body() {
    const LEAST: usize = 1000;
    let host = HostAccount::new(1 << 20);
    let limits = limits_of(&host, u64::MAX, HOUR);
    let record = CallRecord::new("beers".into(), "GET", None, Secrets::default());
    let charge = limits.memory.charge(0).unwrap();
    let pieces = Flood {
        piece: Bytes::from_static(&[b'x'; 100]),
        left: 5000,
    };
    let mut body = ResponseBody::new(pieces, &Codings::default(), None, limits, record, charge);
    let (beginning, is_whole) = body.begin(LEAST).await.unwrap();
    assert!((LEAST..LEAST + 200).contains(&beginning.len()) && !is_whole);
    assert!(host.used_bytes() >= 1000, "the memory is charged");
    drop(beginning);
    let whole = body.whole().await.unwrap();
    assert_eq!(whole.len(), 5000);
    drop(whole);
    assert_eq!(host.used_bytes(), 0);
}

#[tokio::test]
async fn beginning_without_memory_for_it_is_refused() {
    let host = HostAccount::new(500);
    let limits = limits_of(&host, u64::MAX, HOUR);
    let record = CallRecord::new("beers".into(), "GET", None, Secrets::default());
    let charge = limits.memory.charge(0).unwrap();
    let mut body = ResponseBody::new(
        flood(&[b'x'; 1000]),
        &Codings::default(),
        None,
        limits,
        record,
        charge,
    );
    let refused = body.begin(64 << 10).await;
    assert!(matches!(refused, Err(MemoryError::Total(_))), "{refused:?}");
}
