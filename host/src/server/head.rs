//! The heads of requests, charged while they come.
//!
//! Anybody who can connect can send one, without a key, and take his time. What has been read of them is charged to an
//! account of all connections together, so that they neither exhaust the host nor take the memory of calls.

use std::io;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::account::{CallAccount, Charge, HostAccount};
use crate::lock::Mutex;

/// The longest request line and headers together. Weld's are far below 1 KiB.
pub(super) const MAX_HEAD_BYTES: usize = 64 << 10;

/// The most headers of a request.
pub(super) const MAX_HEADERS: usize = 1_000;

/// Which part of `--total-memory` all heads may take together.
const SHARE: u64 = 16;

/// How large a head is not charged. Weld's heads are smaller.
const FREE_BYTES: u64 = 8 << 10;

/// How many heads at once are not charged.
const FREE_HEADS: usize = 1024;

/// The least that is charged for a head: what a connection takes with a buffer for it.
const LEAST_BYTES: u64 = 14 << 10;

/// What the heads of all connections take.
#[derive(Debug, Clone)]
pub(super) struct HeadAccount {
    account: Arc<CallAccount>,
    free: Arc<Semaphore>,
}

impl HeadAccount {
    pub(super) fn new(host: &Arc<HostAccount>) -> Self {
        Self {
            account: CallAccount::new(host.clone(), host.limit_bytes() / SHARE),
            free: Arc::new(Semaphore::new(FREE_HEADS)),
        }
    }
}

/// Counts what one connection reads of a head, and charges it until the next one begins.
#[derive(Debug)]
pub(super) struct HeadMeter {
    account: HeadAccount,
    head: Mutex<HeadCount>,
}

#[derive(Debug, Default)]
struct HeadCount {
    bytes: u64,
    /// The right to be free, as long as it is small.
    free: Option<OwnedSemaphorePermit>,
    charge: Option<Charge>,
    /// What is read belongs to a head no longer, but to a body, which is charged elsewhere.
    is_whole: bool,
}

/// A request is answered for as long as this lives.
pub(super) struct AnsweredHead<'m>(&'m HeadMeter);

impl HeadMeter {
    pub(super) fn new(account: HeadAccount) -> Self {
        Self {
            account,
            head: Mutex::default(),
        }
    }

    /// Notes that so many bytes have been read.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::OutOfMemory`] if the heads of all connections take more than they may: the connection is to end.
    pub(super) fn read(&self, bytes: usize) -> io::Result<()> {
        let mut head = self.head.lock();
        if head.is_whole {
            return Ok(());
        }
        let bytes = head.bytes.saturating_add(bytes as u64);
        self.count(&mut head, bytes)
    }

    /// The head is there as a whole, of so many bytes: what was read with it was the beginning of the body.
    pub(super) fn answering(&self, head_bytes: usize) -> AnsweredHead<'_> {
        let mut head = self.head.lock();
        head.is_whole = true;
        if head.bytes > head_bytes as u64 {
            // It becomes less, and so is never refused.
            let _ = self.count(&mut head, head_bytes as u64);
        }
        AnsweredHead(self)
    }

    fn count(&self, head: &mut HeadCount, bytes: u64) -> io::Result<()> {
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
        let charged = match &mut head.charge {
            Some(charge) => charge.resize(bytes),
            None => self
                .account
                .account
                .own(bytes)
                .map(|charge| head.charge = Some(charge)),
        };
        charged.map_err(|_| {
            tracing::info!(
                "the requests' heads that come take a sixteenth of --total-memory: a connection is closed"
            );
            io::ErrorKind::OutOfMemory.into()
        })
    }
}

impl Drop for AnsweredHead<'_> {
    fn drop(&mut self) {
        *self.0.head.lock() = HeadCount::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_small_heads_are_not_charged() {
        let host = HostAccount::new(1 << 30);
        let account = HeadAccount::new(&host);
        let begun = || {
            let meter = HeadMeter::new(account.clone());
            meter.read(1).unwrap();
            meter
        };
        let mut free: Vec<_> = (0..FREE_HEADS).map(|_| begun()).collect();
        assert_eq!(host.used_bytes(), 0);
        let charged = begun();
        assert_eq!(host.used_bytes(), LEAST_BYTES);
        drop((charged, free.pop()));
        let meter = begun();
        assert_eq!(host.used_bytes(), 0, "one is gone");
        drop(meter.answering(1));
        let _other = begun();
        assert_eq!(host.used_bytes(), 0, "one is answered");
    }

    #[test]
    fn heads_are_charged_up_to_their_share_until_they_are_answered() {
        let host = HostAccount::new(16 * 100_000);
        let account = HeadAccount::new(&host);
        let meter = HeadMeter::new(account.clone());
        meter.read(8 << 10).unwrap();
        assert_eq!(host.used_bytes(), 0, "small ones are free");
        meter.read(50_000).unwrap();
        assert_eq!(host.used_bytes(), 58_192);
        let other = HeadMeter::new(account);
        assert!(other.read(50_000).is_err(), "more than a sixteenth");
        let answered = meter.answering(20_000);
        meter.read(1_000_000).unwrap();
        assert_eq!(host.used_bytes(), 20_000, "the rest is the body's");
        drop(answered);
        assert_eq!(host.used_bytes(), 0);
        other.read(10_000).unwrap();
        assert!(host.used_bytes() > 0);
        drop(other);
        assert_eq!(host.used_bytes(), 0);
    }
}
