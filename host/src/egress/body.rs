//! A response's body: read whole, decompressed, never past its cap.

use std::io::Write;

use bytes::{Buf, Bytes};
use flate2::write::MultiGzDecoder;
use http::header::HeaderMap;
use http_body::Body;
use http_body_util::BodyExt;

use crate::encoding::Encoding;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a body could not be read to its end.
#[derive(Debug)]
pub(super) enum BodyError {
    TooLarge,
    Transfer(Cause),
}

/// Reads `body` to its end. The cap holds for what comes out of the decompression, which is undone as the bytes
/// arrive: a small body that would become a huge one is dropped when it passes the cap.
pub(super) async fn read(
    body: impl Body<Data = Bytes, Error = Cause>,
    headers: &HeaderMap,
    max_bytes: u64,
) -> Result<Vec<u8>, BodyError> {
    let mut sink = None;
    let mut body = std::pin::pin!(body);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(BodyError::Transfer)?;
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        while data.has_remaining() {
            let sink = match &mut sink {
                Some(sink) => sink,
                none => none.insert(Sink::of(headers, max_bytes)?),
            };
            let length = data.chunk().len();
            sink.write(data.chunk())?;
            data.advance(length);
        }
    }
    sink.map_or_else(|| Ok(Vec::new()), Sink::finish)
}

/// Where the bytes go: straight into the buffer, or through a decoder first. There is none until a byte arrives: answers
/// to HEAD and of status 204 or 304 have the headers of a body that isn't sent.
enum Sink {
    Identity(Capped),
    Gzip(Box<MultiGzDecoder<Capped>>),
}

impl Sink {
    fn of(headers: &HeaderMap, max_bytes: u64) -> Result<Self, BodyError> {
        let encoding = Encoding::of(headers).map_err(|error| BodyError::Transfer(error.into()))?;
        let buffer = Capped {
            bytes: Vec::new(),
            max_bytes,
            exceeded: false,
        };
        Ok(match encoding {
            Encoding::Identity => Self::Identity(buffer),
            Encoding::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(buffer))),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), BodyError> {
        match self {
            Self::Identity(buffer) => buffer.write_all(bytes).map_err(|error| buffer.sort(error)),
            Self::Gzip(decoder) => decoder
                .write_all(bytes)
                .map_err(|error| decoder.get_ref().sort(error)),
        }
    }

    fn finish(self) -> Result<Vec<u8>, BodyError> {
        match self {
            Self::Identity(buffer) => Ok(buffer.bytes),
            Self::Gzip(mut decoder) => {
                // `finish` would lose the buffer, which knows whether it was the cap that failed.
                if let Err(error) = decoder.try_finish() {
                    return Err(decoder.get_ref().sort(error));
                }
                Ok(std::mem::take(&mut decoder.get_mut().bytes))
            }
        }
    }
}

/// A buffer that refuses to grow past a limit.
struct Capped {
    bytes: Vec<u8>,
    max_bytes: u64,
    exceeded: bool,
}

impl Capped {
    fn sort(&self, error: std::io::Error) -> BodyError {
        if self.exceeded {
            return BodyError::TooLarge;
        }
        BodyError::Transfer(error.into())
    }
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if (self.bytes.len() as u64).saturating_add(bytes.len() as u64) > self.max_bytes {
            self.exceeded = true;
            return Err(std::io::Error::other("past the cap"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::header;
    use http_body_util::Full;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn read_all(bytes: Vec<u8>, encoding: &str, max: u64) -> Result<Vec<u8>, BodyError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        let body = Full::new(Bytes::from(bytes)).map_err(|never| match never {});
        read(body, &headers, max).await
    }

    #[tokio::test]
    async fn the_cap_holds_before_and_after_decompression() {
        let rows = vec![b'x'; 100_000];
        assert_eq!(
            read_all(rows.clone(), "identity", 100_000).await.unwrap(),
            rows
        );
        assert_eq!(read_all(gzip(&rows), "gzip", 100_000).await.unwrap(), rows);
        for (bytes, encoding) in [(rows.clone(), "identity"), (gzip(&rows), "gzip")] {
            let refused = read_all(bytes, encoding, 99_999).await;
            assert!(matches!(refused, Err(BodyError::TooLarge)), "{encoding}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_not_sent_is_empty_whatever_its_encoding() {
        assert!(
            read_all(Vec::new(), "gzip", 1_000)
                .await
                .unwrap()
                .is_empty()
        );
    }

    #[tokio::test]
    async fn a_body_cut_short_or_of_unknown_encoding_is_a_failed_transfer() {
        let mut cut = gzip(b"all the rows of a page");
        cut.truncate(cut.len() - 9);
        for (bytes, encoding) in [
            (cut, "gzip"),
            (b"not gzip".to_vec(), "gzip"),
            (b"x".to_vec(), "br"),
        ] {
            let refused = read_all(bytes, encoding, 1_000).await;
            assert!(matches!(refused, Err(BodyError::Transfer(_))), "{encoding}");
        }
    }
}
