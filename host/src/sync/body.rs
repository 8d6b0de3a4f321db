//! The body of an answer, whole, and no larger than it may be.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use http::HeaderMap;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::encoding::{Encoding, UnknownEncoding};

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("it is larger than the limit")]
    TooLarge,
    #[error("it broke off")]
    Transfer(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Encoding(UnknownEncoding),
    #[error("it is no whole gzip")]
    Gzip(#[source] io::Error),
}

/// Reads a body and decompresses it: `max_bytes` holds for both its forms, so that neither a long answer nor a gzip
/// bomb takes more memory.
pub(super) async fn read<B>(
    headers: &HeaderMap,
    body: B,
    max_bytes: usize,
) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let encoding = Encoding::of(headers).map_err(BodyError::Encoding)?;
    let sent = Limited::new(body, max_bytes)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                BodyError::TooLarge
            } else {
                BodyError::Transfer(error)
            }
        })?
        .to_bytes();
    match encoding {
        Encoding::Identity => Ok(sent),
        Encoding::Gzip => decompressed(&sent, max_bytes),
    }
}

fn decompressed(sent: &[u8], max_bytes: usize) -> Result<Bytes, BodyError> {
    let mut body = Vec::new();
    // One byte past the limit tells a body that is too large from one that just fits.
    let limit = u64::try_from(max_bytes).map_or(u64::MAX, |max| max.saturating_add(1));
    MultiGzDecoder::new(sent)
        .take(limit)
        .read_to_end(&mut body)
        .map_err(BodyError::Gzip)?;
    if body.len() > max_bytes {
        return Err(BodyError::TooLarge);
    }
    Ok(body.into())
}
