//! A request's body: read whole within its time, decompressed, never past its cap.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::error::ApiError;
use crate::encoding::Encoding;

/// Reads the body of a request with these headers.
///
/// # Errors
///
/// [`ApiError`]: `BodyTooLarge`, `BodyTimeout`, `BodyCut`, `BrokenGzip` or `Encoding`.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    max_bytes: u64,
    within: Duration,
) -> Result<Bytes, ApiError> {
    let encoding = Encoding::of(headers)?;
    // Where the length is announced, the client need not send in vain, nor wait for its answer.
    if body.size_hint().lower() > max_bytes {
        return Err(ApiError::BodyTooLarge {
            limit_bytes: max_bytes,
        });
    }
    let most = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let collected = tokio::time::timeout(within, Limited::new(body, most).collect())
        .await
        .map_err(|_| ApiError::BodyTimeout { limit: within })?;
    let bytes = collected
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                ApiError::BodyTooLarge {
                    limit_bytes: max_bytes,
                }
            } else {
                ApiError::BodyCut(error)
            }
        })?
        .to_bytes();
    match encoding {
        Encoding::Gzip if !bytes.is_empty() => decompress(&bytes, max_bytes),
        Encoding::Gzip | Encoding::Identity => Ok(bytes),
    }
}

fn decompress(bytes: &[u8], max_bytes: u64) -> Result<Bytes, ApiError> {
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut plain)
        .map_err(ApiError::BrokenGzip)?;
    if plain.len() as u64 > max_bytes {
        return Err(ApiError::BodyTooLarge {
            limit_bytes: max_bytes,
        });
    }
    Ok(plain.into())
}
