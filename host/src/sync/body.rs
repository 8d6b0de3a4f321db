//! Reads the complete body of an answer, up to a limit.

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::encoding::{ContentEncoding, GunzipError, UnknownEncoding, gunzip};

/// Why a body can't be read. With the URL, it becomes a `SyncError`.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerBodyFault {
    #[error("the body is larger than the limit")]
    TooLarge,
    #[error("the body is incomplete")]
    Transfer(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Encoding(UnknownEncoding),
    #[error(transparent)]
    Gzip(GunzipError),
}

/// Reads a body and decompresses it. `max_bytes` limits both its compressed and its decompressed size, so that a gzip
/// bomb can't take more memory.
pub(super) async fn read<B>(
    headers: &HeaderMap,
    body: B,
    max_bytes: usize,
) -> Result<Bytes, AnswerBodyFault>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let encoding = ContentEncoding::of(headers, &[ContentEncoding::Gzip])
        .map_err(AnswerBodyFault::Encoding)?;
    let sent = Limited::new(body, max_bytes)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                AnswerBodyFault::TooLarge
            } else {
                AnswerBodyFault::Transfer(error)
            }
        })?
        .to_bytes();
    if encoding.is_none() {
        return Ok(sent);
    }
    gunzip(&sent, max_bytes).map_err(|error| match error {
        GunzipError::TooLarge => AnswerBodyFault::TooLarge,
        GunzipError::Broken(_) => AnswerBodyFault::Gzip(error),
    })
}
