//! A connection that is closed if its client reads nothing of its answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::listener::AdminStream;
use super::places::AdminPlace;

/// How long a client may read nothing.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection with a time limit for each write.
pub(super) struct StalledStream {
    stream: Box<dyn AdminStream>,
    place: Arc<AdminPlace>,
    /// While the client takes nothing: when its time is over.
    stall: Option<Pin<Box<Sleep>>>,
}

impl StalledStream {
    pub(super) fn new(stream: Box<dyn AdminStream>, place: Arc<AdminPlace>) -> Self {
        Self {
            stream,
            place,
            stall: None,
        }
    }

    /// The result of a write, or an error if writing has been impossible for too long.
    fn limited<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.stall.take().is_some() {
                self.place.set_sending(false);
            }
            return written;
        }
        let place = &self.place;
        let stall = self.stall.get_or_insert_with(|| {
            place.set_sending(true);
            Box::pin(tokio::time::sleep(WRITE_TIMEOUT))
        });
        ready!(stall.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for StalledStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for StalledStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.limited(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.limited(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.limited(context, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    use super::super::places::AdminPlaces;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn client_that_reads_nothing_is_cut_off_and_a_slow_one_is_not() {
        let (host, mut client) = tokio::io::duplex(1_000);
        let (place, _) = AdminPlaces::new(1).take().await;
        let mut stream = StalledStream::new(Box::new(host), Arc::new(place));
        let reading = tokio::spawn(async move {
            for _ in 0..5 {
                tokio::time::sleep(WRITE_TIMEOUT * 4 / 5).await;
                client.read_exact(&mut [0; 1_000]).await.unwrap();
            }
            client
        });
        stream.write_all(&[0; 6_000]).await.unwrap();
        let _client = reading.await.unwrap();
        let began = Instant::now();
        let error = stream.write_all(&[0; 6_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), WRITE_TIMEOUT);
    }
}
