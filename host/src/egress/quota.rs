//! What one page may use of the network: calls, bytes and time; and whether it had its credentials.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::auth::AuthError;
use super::error::EgressError;
use crate::config::Limits;
use crate::report;
use crate::waits::Waits;

/// The page has used up its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoCalls {
    pub(super) limit: u32,
    /// Whether the page hears it for the first time.
    pub(super) is_first: bool,
}

/// The page has used up its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OverQuota {
    pub(super) limit_bytes: u64,
}

impl From<OverQuota> for EgressError {
    fn from(OverQuota { limit_bytes }: OverQuota) -> Self {
        Self::TooManyBytes { limit_bytes }
    }
}

/// What is left for one page. Shared by all requests of its guest, which may be under way at once.
#[derive(Debug)]
pub(crate) struct PageQuota {
    /// When the page's time is over.
    pub(super) deadline: Instant,
    /// What the page waits for.
    pub(super) waits: Arc<Waits>,
    calls: AtomicU32,
    has_refused: AtomicBool,
    bytes: AtomicU64,
    max_calls: u32,
    max_bytes: u64,
    failed_credential: Mutex<Option<String>>,
}

impl PageQuota {
    pub(crate) fn new(limits: &Limits, deadline: Instant, waits: Arc<Waits>) -> Self {
        Self {
            deadline,
            waits,
            calls: AtomicU32::new(limits.max_calls),
            has_refused: AtomicBool::new(false),
            bytes: AtomicU64::new(limits.max_call_bytes),
            max_calls: limits.max_calls,
            max_bytes: limits.max_call_bytes,
            failed_credential: Mutex::default(),
        }
    }

    /// Notes that a call's credential could be had, or why not.
    pub(super) fn note_credential(&self, failure: Option<&AuthError>) {
        *self
            .failed_credential
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = failure.map(|error| report::chain(error));
    }

    /// Why the page's last call that needs a credential had none; none where it had.
    pub(crate) fn failed_credential(&self) -> Option<String> {
        self.failed_credential
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What the page waits for.
    pub(crate) fn waits(&self) -> &Arc<Waits> {
        &self.waits
    }

    /// Takes one call.
    ///
    /// # Errors
    ///
    /// [`NoCalls`].
    pub(super) fn take_call(&self) -> Result<(), NoCalls> {
        if self.try_call() {
            return Ok(());
        }
        Err(NoCalls {
            limit: self.max_calls,
            is_first: !self.has_refused.swap(true, Ordering::Relaxed),
        })
    }

    /// Takes one call for what the host does by itself, which goes without where none is left.
    pub(super) fn try_call(&self) -> bool {
        self.calls
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok()
    }

    /// Takes the bytes of a body, or a piece of one, as the guest hands it over or gets it.
    ///
    /// # Errors
    ///
    /// [`OverQuota`]; then nothing is left.
    pub(super) fn take_bytes(&self, bytes: usize) -> Result<(), OverQuota> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let mut enough = false;
        // The closure always answers something, so the update can't fail.
        let _ = self
            .bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                enough = left >= bytes;
                Some(left.saturating_sub(bytes))
            });
        if enough {
            return Ok(());
        }
        Err(OverQuota {
            limit_bytes: self.max_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(max_calls: u32, max_call_bytes: u64) -> PageQuota {
        let limits = Limits {
            max_calls,
            max_call_bytes,
            ..Limits::default()
        };
        PageQuota::new(&limits, Instant::now(), Arc::default())
    }

    #[tokio::test]
    async fn calls_end_with_the_last_one() {
        let quota = quota(2, 0);
        assert!(quota.take_call().is_ok());
        assert!(quota.try_call());
        assert!(!quota.try_call());
        for is_first in [true, false, false] {
            assert_eq!(quota.take_call(), Err(NoCalls { limit: 2, is_first }));
        }
    }

    #[tokio::test]
    async fn bytes_past_the_quota_leave_nothing_for_others() {
        let quota = quota(0, 100);
        assert!(quota.take_bytes(60).is_ok());
        assert!(quota.take_bytes(40).is_ok());
        assert!(quota.take_bytes(0).is_ok());
        assert_eq!(quota.take_bytes(1), Err(OverQuota { limit_bytes: 100 }));
        let quota = self::quota(0, 100);
        assert!(quota.take_bytes(101).is_err());
        assert!(quota.take_bytes(1).is_err());
    }
}
