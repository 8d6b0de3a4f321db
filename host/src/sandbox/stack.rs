//! Measures and charges the memory of a call's stack.
//!
//! The stacks of all slots are mapped once, and the system provides their memory down to the deepest point that a guest
//! has used. Only the process's page tables show that depth. So they are checked whenever the call has been computing
//! and now waits, even if only for its next turn, and the memory is charged to the call.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use super::engine::{STACK_KEEP_RESIDENT_BYTES, WASM_STACK_BYTES};
use super::limits::StoreCharge;
use crate::account::{CallAccount, MemoryError};

/// The address at which a call's stack begins, which grows down from there; 0 before wasm code has run. Clones share
/// it.
#[derive(Debug, Clone, Default)]
pub(super) struct StackBegin(Arc<AtomicUsize>);

impl StackBegin {
    /// Records the beginning of the stack. Call it on the stack that wasm code will run on, before entering that code.
    /// Only the first entry counts: a host function may enter wasm code again, further down.
    pub(super) fn enter(&self) {
        let place = 0_u8;
        let here = std::ptr::from_ref(std::hint::black_box(&place)).addr();
        let begin = self.0.load(Ordering::Relaxed);
        let is_below = here <= begin && begin - here <= WASM_STACK_BYTES;
        if !is_below {
            self.0.store(here, Ordering::Relaxed);
        }
    }
}

/// Charges the stack of a call, in steps that double.
#[derive(Debug)]
pub(super) struct StackMeter {
    begin: StackBegin,
    account: Arc<CallAccount>,
    charge: StoreCharge,
    /// The charged bytes, from the beginning of the stack.
    charged: usize,
}

impl StackMeter {
    /// The stack's memory is added to the charge for the store's memory, since both are freed together.
    pub(super) fn new(begin: StackBegin, account: Arc<CallAccount>, charge: StoreCharge) -> Self {
        Self {
            begin,
            account,
            charge,
            charged: 0,
        }
    }

    /// Runs a call, and ends it if its stack takes more memory than is available.
    pub(super) async fn metered<T, E: From<MemoryError>>(
        mut self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut call = pin!(call);
        poll_fn(|context| {
            let polled = call.as_mut().poll(context);
            match polled.is_pending().then(|| self.charge_growth()) {
                Some(Err(refused)) => Poll::Ready(Err(refused.into())),
                Some(Ok(())) | None => polled,
            }
        })
        .await
    }

    /// Measures how much of the stack has been used, and charges for it.
    ///
    /// # Errors
    ///
    /// [`MemoryError`]: it took more than is available, and the call must end.
    fn charge_growth(&mut self) -> Result<(), MemoryError> {
        let begin = self.begin.0.load(Ordering::Relaxed);
        if begin == 0 {
            return Ok(());
        }
        // The part that each slot always keeps is charged with the first step.
        let mut known = self.charged.max(STACK_KEEP_RESIDENT_BYTES);
        while known < WASM_STACK_BYTES && is_resident(begin.saturating_sub(known)) {
            known = known.saturating_mul(2);
            let more = known.saturating_sub(self.charged);
            self.charge.grow(&self.account, more as u64)?;
            self.charged = known;
        }
        Ok(())
    }
}

/// Whether the page at this address has memory.
#[allow(
    unsafe_code,
    reason = "the call writes one byte, for one page, and returns an error if there is no page"
)]
fn is_resident(address: usize) -> bool {
    let page = rustix::param::page_size();
    let mut resident = 0_u8;
    let begin = std::ptr::without_provenance_mut(address & !(page - 1));
    // If the system doesn't answer, the page counts as used.
    let status = unsafe { libc::mincore(begin, page, (&raw mut resident).cast()) };
    status != 0 || resident & 1 == 1
}

#[cfg(test)]
mod tests;
