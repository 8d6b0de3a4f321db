//! The body of an answer, whole, and no larger than it may be.

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::encoding::{ContentEncoding, GunzipError, UnknownEncoding, gunzip};

/// Why there is no body: it becomes a `SyncError` once the URL is added.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerBodyFault {
    #[error("it is larger than the limit")]
    TooLarge,
    #[error("it broke off")]
    Transfer(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Encoding(UnknownEncoding),
    #[error(transparent)]
    Gzip(GunzipError),
}

/// Reads a body and decompresses it: `max_bytes` holds for both its forms, so that neither a long answer nor a gzip
/// bomb takes more memory.
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
