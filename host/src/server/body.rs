//! Reads a request's body: completely, within its time and size, decompressed, and charged as it grows.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::error::ApiError;
use crate::account::{Holding, HostAccount, MemoryError};
use crate::encoding::{ContentEncoding, gzip_reader};

/// How much is decompressed before other tasks get a turn.
const PIECE_BYTES: usize = 64 << 10;

/// The bytes of a body together with the charge for them.
pub(super) type ReceivedBody = Holding<Vec<u8>>;

/// The limits of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyBounds {
    pub(super) max_bytes: u64,
    pub(super) within: Duration,
}

/// Reads the body of a request with these headers.
///
/// # Errors
///
/// [`ApiError`]: `BodyTooLarge`, `BodyTimeout`, `BodyCut`, `BrokenGzip`, `Encoding` or `OutOfMemory`.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    bounds: BodyBounds,
    account: &Arc<HostAccount>,
) -> Result<ReceivedBody, ApiError> {
    let BodyBounds { max_bytes, within } = bounds;
    let encoding = ContentEncoding::of(headers, &[ContentEncoding::Gzip])?;
    let too_large = || ApiError::BodyTooLarge {
        limit_bytes: max_bytes,
    };
    // If the length is announced, the client is refused before it sends everything.
    if body.size_hint().lower() > max_bytes {
        return Err(too_large());
    }
    let most = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let sent_bytes = body.size_hint().upper().unwrap_or(max_bytes);
    let mut sent = empty_body(account)?;
    let reading = async {
        let mut body = Limited::new(body, most);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    too_large()
                } else {
                    ApiError::BodyCut(error)
                }
            })?;
            if let Ok(data) = frame.into_data() {
                sent.append(&data, sent_bytes)?;
            }
        }
        Ok::<(), ApiError>(())
    };
    tokio::time::timeout(within, reading)
        .await
        .map_err(|_| ApiError::BodyTimeout { limit: within })??;
    if encoding.is_none() || sent.is_empty() {
        return Ok(sent);
    }
    let mut plain = empty_body(account)?;
    let mut reader = gzip_reader(&sent, most);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let bytes = reader.read(&mut piece).map_err(ApiError::BrokenGzip)?;
        let Some(read) = piece.get(..bytes).filter(|read| !read.is_empty()) else {
            break;
        };
        plain.append(read, max_bytes)?;
        tokio::task::yield_now().await;
    }
    if plain.len() > most {
        return Err(too_large());
    }
    Ok(plain)
}

fn empty_body(account: &Arc<HostAccount>) -> Result<ReceivedBody, MemoryError> {
    Ok(ReceivedBody::new(Vec::new(), account.charge(0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> BodyBounds {
        BodyBounds {
            max_bytes: 1 << 20,
            within: Duration::from_secs(60),
        }
    }

    #[tokio::test]
    async fn a_body_is_charged_for_as_long_as_it_is_held() {
        let account = HostAccount::new(150_000);
        let body = |bytes: usize| Body::from(vec![b' '; bytes]);
        let headers = HeaderMap::new();
        let read = read(&headers, body(100_000), bounds(), &account).await;
        let held = read.map_err(|error| error.to_string()).unwrap();
        assert_eq!(held.len(), 100_000);
        assert_eq!(account.used_bytes(), 100_000);
        let refused = super::read(&headers, body(60_000), bounds(), &account).await;
        assert!(matches!(refused, Err(ApiError::OutOfMemory(_))));
        assert_eq!(account.used_bytes(), 100_000);
        drop(held);
        assert_eq!(account.used_bytes(), 0);
    }

    #[tokio::test]
    async fn decompressed_body_is_charged_as_it_grows() {
        let account = HostAccount::new(300_000);
        let bomb = {
            use std::io::Write;
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
            encoder.finish().unwrap()
        };
        let headers = HeaderMap::from_iter([(
            http::header::CONTENT_ENCODING,
            http::HeaderValue::from_static("gzip"),
        )]);
        let refused = read(&headers, Body::from(bomb.clone()), bounds(), &account).await;
        assert!(matches!(refused, Err(ApiError::OutOfMemory(_))));
        assert_eq!(account.used_bytes(), 0);
        let account = HostAccount::new(3 << 20);
        let read = read(&headers, Body::from(bomb), bounds(), &account).await;
        assert_eq!(read.map(|body| body.len()).ok(), Some(1 << 20));
    }
}
