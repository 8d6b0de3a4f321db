//! A request's body: read whole within its time, decompressed, never past its cap.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::error::ApiError;
use crate::encoding::{ContentEncoding, GunzipError, gunzip};

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
    let encoding = ContentEncoding::of(headers, &[ContentEncoding::Gzip])?;
    let too_large = || ApiError::BodyTooLarge {
        limit_bytes: max_bytes,
    };
    // Where the length is announced, the client need not send in vain, nor wait for its answer.
    if body.size_hint().lower() > max_bytes {
        return Err(too_large());
    }
    let most = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let collected = tokio::time::timeout(within, Limited::new(body, most).collect())
        .await
        .map_err(|_| ApiError::BodyTimeout { limit: within })?;
    let bytes = collected
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                too_large()
            } else {
                ApiError::BodyCut(error)
            }
        })?
        .to_bytes();
    if encoding.is_none() || bytes.is_empty() {
        return Ok(bytes);
    }
    gunzip(&bytes, most).map_err(|error| match error {
        GunzipError::TooLarge => too_large(),
        GunzipError::Broken(source) => ApiError::BrokenGzip(source),
    })
}
