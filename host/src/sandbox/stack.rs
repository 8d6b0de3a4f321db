//! How much memory the stack of a call has taken.
//!
//! The stacks are mapped once, for all slots, and the system gives them memory as far down as a guest's recursion ever
//! came. What that is shows only in the process's pages. So they are looked at each time the call has been computing and
//! waits for something, be it its next turn, and are charged as its own.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use super::engine::{STACK_KEEP_RESIDENT_BYTES, WASM_STACK_BYTES};
use super::limits::StoreCharge;
use crate::account::{CallAccount, MemoryError};

/// Where the stack of a call begins, which grows down from there; 0 before wasm code has run. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct StackBegin(Arc<AtomicUsize>);

impl StackBegin {
    /// To be called where wasm code is entered, on the stack that it will run on: the first entry is where that begins. A
    /// host function that it calls may enter it again, further down.
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
    /// In bytes from its beginning.
    charged: usize,
}

impl StackMeter {
    /// The charge goes with that for the store's memory, as the stack does.
    pub(super) fn new(begin: StackBegin, account: Arc<CallAccount>, charge: StoreCharge) -> Self {
        Self {
            begin,
            account,
            charge,
            charged: 0,
        }
    }

    /// Runs a call, and ends it where its stack takes more memory than there is.
    pub(super) async fn metered<T, E: From<MemoryError>>(
        mut self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut call = pin!(call);
        poll_fn(|context| {
            let polled = call.as_mut().poll(context);
            match polled.is_pending().then(|| self.look()) {
                Some(Err(refused)) => Poll::Ready(Err(refused.into())),
                Some(Ok(())) | None => polled,
            }
        })
        .await
    }

    /// Looks how far the stack was used, and charges that.
    ///
    /// # Errors
    ///
    /// [`MemoryError`]: it has taken more than there is, and the call must end.
    fn look(&mut self) -> Result<(), MemoryError> {
        let begin = self.begin.0.load(Ordering::Relaxed);
        if begin == 0 {
            return Ok(());
        }
        // What each slot keeps in any case is paid for with the first step.
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

/// Whether the system has given memory to the page at this address.
#[cfg(unix)]
#[allow(
    unsafe_code,
    reason = "the call writes one byte, for one page, and answers with an error where there is none"
)]
fn is_resident(address: usize) -> bool {
    let page = rustix::param::page_size();
    let mut resident = 0_u8;
    let begin = std::ptr::without_provenance_mut(address & !(page - 1));
    // Where the system doesn't tell, it counts as used.
    let told = unsafe { libc::mincore(begin, page, (&raw mut resident).cast()) };
    told != 0 || resident & 1 == 1
}

/// Where the system doesn't tell, all of it counts as used.
#[cfg(not(unix))]
fn is_resident(_address: usize) -> bool {
    true
}

#[cfg(test)]
mod tests;
