//! Ends a connection whose client is still sending.
//!
//! A request may be answered before its body is read, because of its key, path or length. If the connection were
//! closed then, the system would answer further data with a reset, and a client that sends its whole body before it
//! reads would never see the answer. So the host reads and discards the data for a while.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use rustix::net::{Shutdown, shutdown};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::account::HostAccount;

/// How much is read at least, if the largest accepted body is smaller.
const LEAST_BYTES: u64 = 16 << 20;

/// The time limits: in total, and without receiving a byte.
const TIME: Duration = Duration::from_secs(10);
const IDLE_TIME: Duration = Duration::from_secs(5);

/// How much is read at a time.
const PIECE_BYTES: usize = 32 << 10;

/// Whether a request on this connection has unread data.
#[derive(Debug, Clone, Default)]
pub(super) struct UnreadBody(Arc<AtomicBool>);

/// A request's body. Records whether it was read to its end.
pub(super) struct WatchedBody {
    body: Incoming,
    unread: UnreadBody,
}

impl UnreadBody {
    /// Wraps the next request's body.
    pub(super) fn watch(&self, body: Incoming) -> WatchedBody {
        self.0.store(!body.is_end_stream(), Ordering::Release);
        WatchedBody {
            body,
            unread: self.clone(),
        }
    }

    pub(super) fn is_left(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.unread.0.store(false, Ordering::Release);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The limits for clients that are still sending when they have their answer.
#[derive(Debug, Clone)]
pub(super) struct Drain {
    /// The largest body that is accepted.
    pub(super) max_bytes: u64,
    pub(super) account: Arc<HostAccount>,
}

impl Drain {
    /// Reads and discards what a client still sends, until it ends. Reads at most the size of the largest body or 16
    /// MiB, whichever is larger, for at most 10 s, and at most 5 s without a byte.
    pub(super) async fn until_end(&self, stream: &TcpStream) {
        // The client sees the end of the answer. If this fails, the client is gone.
        if shutdown(stream, Shutdown::Write).is_err() {
            return;
        }
        let Ok(_charge) = self.account.charge(PIECE_BYTES as u64) else {
            return;
        };
        let mut piece = vec![0; PIECE_BYTES];
        let mut left = self.max_bytes.max(LEAST_BYTES);
        let end = Instant::now() + TIME;
        while left > 0 {
            let until = end.min(Instant::now() + IDLE_TIME);
            if !matches!(
                tokio::time::timeout_at(until, stream.readable()).await,
                Ok(Ok(()))
            ) {
                break;
            }
            match stream.try_read(&mut piece) {
                Ok(0) => return,
                Ok(bytes) => left = left.saturating_sub(bytes as u64),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
            // A timer never gets a turn if the client always has more data.
            if Instant::now() >= end {
                break;
            }
        }
        tracing::debug!("cut off a client that kept sending after its answer");
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    /// A client's connection, and the host's end of it.
    async fn connection() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        (client, listener.accept().await.unwrap().0)
    }

    fn drain() -> Drain {
        Drain {
            max_bytes: 1 << 20,
            account: HostAccount::new(1 << 20),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silent_client_is_waited_for_no_longer_than_its_time() {
        let (_client, host) = connection().await;
        let began = Instant::now();
        drain().until_end(&host).await;
        assert_eq!(began.elapsed(), IDLE_TIME);
    }

    #[tokio::test]
    async fn data_of_a_client_that_never_stops_is_bounded_and_charged() {
        let (mut client, host) = connection().await;
        let sending = tokio::spawn(async move {
            let piece = vec![0; 1 << 20];
            let mut sent = 0_u64;
            while client.write_all(&piece).await.is_ok() {
                sent += 1 << 20;
            }
            sent
        });
        let drain = drain();
        let account = drain.account.clone();
        let mut draining = Box::pin(drain.until_end(&host));
        assert!(is_pending(&mut draining).await);
        assert_eq!(account.used_bytes(), PIECE_BYTES as u64);
        draining.as_mut().await;
        drop(draining);
        assert_eq!(account.used_bytes(), 0);
        drop(host);
        let sent = sending.await.unwrap();
        assert!((LEAST_BYTES..4 * LEAST_BYTES).contains(&sent), "{sent}");
    }

    #[tokio::test(start_paused = true)]
    async fn client_that_keeps_sending_small_pieces_is_read_no_longer_than_its_time() {
        let (mut client, host) = connection().await;
        // The pauses are shorter than the time without a byte, and add up to more than the total time.
        let sending = tokio::spawn(async move {
            for _ in 0..10 {
                if client.write_all(b"x").await.is_err() {
                    break;
                }
                tokio::time::sleep(IDLE_TIME * 4 / 5).await;
            }
        });
        let began = Instant::now();
        drain().until_end(&host).await;
        assert_eq!(began.elapsed(), TIME);
        sending.abort();
    }

    /// Polls once. Returns whether the future is still pending.
    async fn is_pending(future: &mut (impl Future<Output = ()> + Unpin)) -> bool {
        std::future::poll_fn(|context| {
            Poll::Ready(Pin::new(&mut *future).poll(context).is_pending())
        })
        .await
    }

    #[tokio::test]
    async fn nothing_is_read_without_memory_for_it() {
        let (mut client, host) = connection().await;
        let drain = Drain {
            max_bytes: 1,
            account: HostAccount::new(10),
        };
        client.write_all(b"more").await.unwrap();
        drain.until_end(&host).await;
        host.readable().await.unwrap();
        assert_eq!(host.try_read(&mut [0; 8]).unwrap(), 4);
    }
}
