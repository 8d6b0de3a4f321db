//! The heads of requests, charged while they arrive.
//!
//! Anybody who can connect can send one slowly, without a key. The bytes read so far are charged to one account for
//! all connections, so that they neither exhaust the host nor take the memory of calls.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http::uri::{Authority, PathAndQuery};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::account::{CallAccount, Charge, HostAccount, MemoryError};
use crate::lock::Mutex;

/// The maximum size of a request's line and headers together. Weld's are far below 1 KiB.
pub(super) const MAX_HEAD_BYTES: usize = 64 << 10;

/// How long a client may take to send a request's headers.
pub(super) const HEADERS_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum number of a request's headers.
pub(super) const MAX_HEADERS: usize = 1_000;

/// All heads that arrive may take `--total-memory` divided by this, and those that HTTP/2 has read as much again.
const SHARE: u64 = 16;

/// Up to this size a head is not charged. Weld's heads are smaller.
const FREE_BYTES: u64 = 8 << 10;

/// How many heads at a time are not charged.
const FREE_HEADS: usize = 1024;

/// The minimum charge for a head: what a connection with a buffer for it takes.
const LEAST_BYTES: u64 = 14 << 10;

/// The size of a request's head in bytes: its target, and the names and values of its headers.
pub(super) fn head_bytes<B>(request: &Request<B>) -> usize {
    let uri = request.uri();
    let target = [
        uri.scheme_str(),
        uri.authority().map(Authority::as_str),
        uri.path_and_query().map(PathAndQuery::as_str),
    ];
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len());
    target
        .into_iter()
        .flatten()
        .map(str::len)
        .chain(headers)
        .sum()
}

/// The memory taken by the heads of all connections. Heads that HTTP/2 has read have a share of their own, so that they
/// take no connection the memory to read the next one: a connection that can't read a head must end, with all its requests.
#[derive(Debug, Clone)]
pub(super) struct HeadAccount {
    account: Arc<CallAccount>,
    of_streams: Arc<CallAccount>,
    free: Arc<Semaphore>,
}

impl HeadAccount {
    pub(super) fn new(host: &Arc<HostAccount>) -> Self {
        let share = || CallAccount::new(host.clone(), host.limit_bytes() / SHARE);
        Self {
            account: share(),
            of_streams: share(),
            free: Arc::new(Semaphore::new(FREE_HEADS)),
        }
    }

    /// For the heads that HTTP/2 has read.
    pub(super) fn of_streams(&self) -> Self {
        Self {
            account: self.of_streams.clone(),
            ..self.clone()
        }
    }
}

/// Counts the bytes that one connection reads of a head, and charges them until the next head begins.
#[derive(Debug)]
pub(super) struct HeadMeter {
    account: HeadAccount,
    head: Mutex<HeadCount>,
}

#[derive(Debug, Default)]
struct HeadCount {
    bytes: u64,
    /// When the first of them came.
    begun: Option<Instant>,
    /// Permission not to be charged, as long as the head is small.
    free: Option<OwnedSemaphorePermit>,
    charge: Option<Charge>,
    /// The head is complete: further bytes belong to a body, which is charged elsewhere.
    is_whole: bool,
}

/// A request is being answered until this is dropped.
pub(super) struct AnsweredHead(Arc<HeadMeter>);

impl HeadMeter {
    pub(super) fn new(account: HeadAccount) -> Self {
        Self {
            account,
            head: Mutex::default(),
        }
    }

    /// Records that this many bytes have been read.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::OutOfMemory`] if the heads of all connections take more than their share: the connection must
    /// end.
    pub(super) fn read(&self, bytes: usize) -> io::Result<()> {
        self.charge(bytes).map_err(|_| {
            tracing::info!(
                "closing a connection: the heads of incoming requests take a sixteenth of --total-memory"
            );
            io::ErrorKind::OutOfMemory.into()
        })
    }

    /// Records that this many bytes of a head are held.
    ///
    /// # Errors
    ///
    /// [`MemoryError`] if the heads of all connections take more than their share.
    pub(super) fn charge(&self, bytes: usize) -> Result<(), MemoryError> {
        let mut head = self.head.lock();
        if head.is_whole {
            return Ok(());
        }
        head.begun.get_or_insert_with(Instant::now);
        let bytes = head.bytes.saturating_add(bytes as u64);
        self.count(&mut head, bytes)
    }

    /// When the head that is still arriving began; `None` if there is none.
    pub(super) fn begun(&self) -> Option<Instant> {
        let head = self.head.lock();
        head.begun.filter(|_| !head.is_whole)
    }

    /// The head is complete and has this many bytes. Anything read beyond that belongs to the body.
    pub(super) fn answering(self: &Arc<Self>, head_bytes: usize) -> AnsweredHead {
        let mut head = self.head.lock();
        head.is_whole = true;
        if head.bytes > head_bytes as u64 {
            // The count shrinks, so it is never refused.
            let _ = self.count(&mut head, head_bytes as u64);
        }
        AnsweredHead(self.clone())
    }

    /// What has been read so far belongs to the handshake, whose end the client's first head may follow at once.
    pub(super) fn restart(&self) {
        if let Some(begun) = &mut self.head.lock().begun {
            *begun = Instant::now();
        }
    }

    fn count(&self, head: &mut HeadCount, bytes: u64) -> Result<(), MemoryError> {
        head.bytes = bytes;
        let free = head.free.take().filter(|_| bytes <= FREE_BYTES);
        if bytes <= FREE_BYTES {
            head.free = free.or_else(|| self.account.free.clone().try_acquire_owned().ok());
        }
        if head.free.is_some() {
            head.charge = None;
            return Ok(());
        }
        let bytes = bytes.max(LEAST_BYTES);
        match &mut head.charge {
            Some(charge) => charge.resize(bytes)?,
            None => head.charge = Some(self.account.account.own(bytes)?),
        }
        Ok(())
    }
}

impl AnsweredHead {
    /// The body of the answer, which is being answered until its end. The head is no longer needed, nor charged.
    pub(super) fn until_end_of(self, body: Body) -> Body {
        *self.0.head.lock() = HeadCount {
            is_whole: true,
            ..HeadCount::default()
        };
        Body::new(AnsweredBody { body, _head: self })
    }
}

impl Drop for AnsweredHead {
    fn drop(&mut self) {
        *self.0.head.lock() = HeadCount::default();
    }
}

/// The body of an answer. What the client sends before its end is not the beginning of a head.
struct AnsweredBody {
    body: Body,
    _head: AnsweredHead,
}

impl HttpBody for AnsweredBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[test]
    fn head_is_its_target_and_its_headers() {
        for (target, expected) in [
            ("/beers/?a=b", 11),
            ("/", 1),
            ("*", 1),
            ("https://localhost/beers", 20),
        ] {
            let request = Request::builder().uri(target).header("accept", "json");
            let request = request.body(()).unwrap();
            assert_eq!(head_bytes(&request), expected + 10, "{target}");
        }
    }

    fn meter() -> Arc<HeadMeter> {
        let host = HostAccount::new(1 << 30);
        Arc::new(HeadMeter::new(HeadAccount::new(&host)))
    }

    #[tokio::test]
    async fn what_is_sent_while_an_answer_has_not_ended_begins_no_head() {
        let meter = meter();
        meter.read(100).unwrap();
        let body = meter.answering(100).until_end_of(Body::from("page"));
        assert_eq!(HttpBody::size_hint(&body).exact(), Some(4));
        meter.read(2).unwrap();
        assert_eq!(meter.begun(), None);
        assert_eq!(to_bytes(body, 9).await.unwrap(), "page");
        assert_eq!(meter.begun(), None);
        meter.read(2).unwrap();
        assert!(meter.begun().is_some(), "the next head");
    }

    #[tokio::test(start_paused = true)]
    async fn time_of_the_first_head_begins_after_the_handshake() {
        let meter = meter();
        meter.restart();
        assert_eq!(meter.begun(), None, "there was none");
        meter.read(100).unwrap();
        tokio::time::sleep(HEADERS_TIMEOUT).await;
        meter.restart();
        assert_eq!(meter.begun(), Some(Instant::now()));
    }

    #[test]
    fn only_so_many_small_heads_are_not_charged() {
        let host = HostAccount::new(1 << 30);
        let account = HeadAccount::new(&host);
        let begun = || {
            let meter = Arc::new(HeadMeter::new(account.clone()));
            meter.read(1).unwrap();
            meter
        };
        let mut free: Vec<_> = (0..FREE_HEADS).map(|_| begun()).collect();
        assert_eq!(host.used_bytes(), 0);
        let charged = begun();
        assert_eq!(host.used_bytes(), LEAST_BYTES);
        drop((charged, free.pop()));
        let meter = begun();
        assert_eq!(host.used_bytes(), 0, "one connection has ended");
        drop(meter.answering(1));
        let _other = begun();
        assert_eq!(host.used_bytes(), 0, "one request is being answered");
    }

    #[test]
    fn heads_are_charged_up_to_their_share_until_they_are_answered() {
        let host = HostAccount::new(16 * 100_000);
        let account = HeadAccount::new(&host);
        let meter = Arc::new(HeadMeter::new(account.clone()));
        meter.read(8 << 10).unwrap();
        assert_eq!(host.used_bytes(), 0, "small ones are free");
        assert!(meter.begun().is_some());
        meter.read(50_000).unwrap();
        assert_eq!(host.used_bytes(), 58_192);
        let other = HeadMeter::new(account);
        assert!(other.read(50_000).is_err(), "more than a sixteenth");
        let answered = meter.answering(20_000);
        assert_eq!(meter.begun(), None, "it is complete");
        meter.read(1_000_000).unwrap();
        assert_eq!(host.used_bytes(), 20_000, "the rest is the body's");
        drop(answered);
        assert_eq!((host.used_bytes(), meter.begun()), (0, None));
        other.read(10_000).unwrap();
        assert!(host.used_bytes() > 0);
        drop(other);
        assert_eq!(host.used_bytes(), 0);
    }
}
