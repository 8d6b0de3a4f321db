//! One call's share of the network (requests and bytes), and why its last request failed.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crate::lock::Mutex;

/// The page has used up its requests. `egress` has the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallQuotaError {
    pub(crate) limit: u32,
    /// Whether this is the page's first such error.
    pub(crate) is_first: bool,
}

/// The page has used up its bytes. `egress` has the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteQuotaError {
    pub(crate) limit_bytes: u64,
}

/// Why a request had no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CredentialFailure {
    /// For the answer: without secrets and without paths of the host.
    pub(crate) cause: String,
    /// Whether a later call may get the credential although nobody has changed anything.
    pub(crate) is_temporary: bool,
}

/// The remaining share of one page, used by all requests of its guest, which may run at the same time.
#[derive(Debug)]
pub(crate) struct NetworkQuota {
    calls: AtomicU32,
    has_refused: AtomicBool,
    bytes: AtomicU64,
    max_calls: u32,
    max_bytes: u64,
    failed_credential: Mutex<Option<CredentialFailure>>,
    untold_failure: Mutex<Option<String>>,
    refused_credential: Mutex<Option<String>>,
    /// Whether the last failed request may succeed later; false if no request failed, `None` if none has ended.
    temporary_failure: Mutex<Option<bool>>,
}

impl NetworkQuota {
    pub(super) fn new(max_calls: u32, max_bytes: u64) -> Self {
        Self {
            calls: AtomicU32::new(max_calls),
            has_refused: AtomicBool::new(false),
            bytes: AtomicU64::new(max_bytes),
            max_calls,
            max_bytes,
            failed_credential: Mutex::default(),
            untold_failure: Mutex::default(),
            refused_credential: Mutex::default(),
            temporary_failure: Mutex::default(),
        }
    }

    /// Records why the last request that needs a credential had none; `None` if it had one.
    pub(crate) fn note_credential(&self, failure: Option<CredentialFailure>) {
        *self.failed_credential.lock() = failure;
    }

    /// Why the page's last request that needs a credential had none; `None` if it had one.
    pub(crate) fn failed_credential(&self) -> Option<CredentialFailure> {
        self.failed_credential.lock().clone()
    }

    /// Records that a request of the guest has ended. `failure` says whether it may succeed later if it failed or its
    /// response reports a failure; `None` if neither.
    pub(crate) fn note_end(&self, failure: Option<bool>) {
        let mut known = self.temporary_failure.lock();
        *known = failure.or(*known).or(Some(false));
    }

    /// Whether the page's last failed request may succeed later although nobody has changed anything. False if no
    /// request failed, since then the connector rejects what the API answered; `None` if no request has ended.
    pub(crate) fn has_temporary_failure(&self) -> Option<bool> {
        *self.temporary_failure.lock()
    }

    /// Records why the last request failed, if its error reached the guest without a text, such as a timeout; `None`
    /// for any other result.
    pub(crate) fn note_untold(&self, failure: Option<String>) {
        *self.untold_failure.lock() = failure;
    }

    /// Records which credential the last request carried, if the API refused it with 401 or 403; `None` for any other
    /// result.
    pub(crate) fn note_refused(&self, credential: Option<String>) {
        *self.refused_credential.lock() = credential;
    }

    /// What the guest doesn't know about the failure of the page's last request: the reason, if its error reached the guest
    /// without a text, or the credential that the API refused. `None` if the guest knows everything.
    pub(crate) fn untold(&self) -> Option<String> {
        let failure = self.untold_failure.lock().clone();
        failure.or_else(|| self.refused_credential.lock().clone())
    }

    /// Takes one call.
    ///
    /// # Errors
    ///
    /// [`CallQuotaError`].
    pub(crate) fn take_call(&self) -> Result<(), CallQuotaError> {
        if self.try_call() {
            return Ok(());
        }
        Err(CallQuotaError {
            limit: self.max_calls,
            is_first: !self.has_refused.swap(true, Ordering::Relaxed),
        })
    }

    /// Takes one call for a request that the host itself makes. Returns whether one was left.
    pub(crate) fn try_call(&self) -> bool {
        self.calls
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok()
    }

    /// Takes the bytes of a body, or of a part of it, when the guest hands it over or receives it.
    ///
    /// # Errors
    ///
    /// [`ByteQuotaError`]; then no bytes are left.
    pub(crate) fn take_bytes(&self, bytes: usize) -> Result<(), ByteQuotaError> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let mut enough = false;
        // The closure always returns `Some`, so the update can't fail.
        let _ = self
            .bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                enough = left >= bytes;
                Some(left.saturating_sub(bytes))
            });
        if enough {
            return Ok(());
        }
        Err(ByteQuotaError {
            limit_bytes: self.max_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_end_with_the_last_one() {
        let quota = NetworkQuota::new(2, 0);
        assert!(quota.take_call().is_ok());
        assert!(quota.try_call());
        assert!(!quota.try_call());
        for is_first in [true, false, false] {
            assert_eq!(
                quota.take_call(),
                Err(CallQuotaError { limit: 2, is_first })
            );
        }
    }

    #[test]
    fn the_last_failed_request_counts_whatever_succeeds_after_it() {
        for (ended, expected) in [
            (&[][..], None),
            (&[None], Some(false)),
            (&[Some(true), None], Some(true)),
            (&[Some(true), Some(false)], Some(false)),
            (&[Some(false), Some(true), None, None], Some(true)),
        ] {
            let quota = NetworkQuota::new(0, 0);
            for failure in ended {
                quota.note_end(*failure);
            }
            assert_eq!(quota.has_temporary_failure(), expected, "{ended:?}");
        }
    }

    #[test]
    fn bytes_past_the_quota_leave_nothing_for_others() {
        let quota = NetworkQuota::new(0, 100);
        assert!(quota.take_bytes(60).is_ok());
        assert!(quota.take_bytes(40).is_ok());
        assert!(quota.take_bytes(0).is_ok());
        assert_eq!(
            quota.take_bytes(1),
            Err(ByteQuotaError { limit_bytes: 100 })
        );
        let quota = NetworkQuota::new(0, 100);
        assert!(quota.take_bytes(101).is_err());
        assert!(quota.take_bytes(1).is_err());
    }
}
