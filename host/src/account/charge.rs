//! Charged bytes, until they are given back.

use std::sync::Arc;

use super::counter::MemoryCounter;
use super::disposal::Disposal;
use super::error::MemoryError;

/// Bytes charged to an account. Dropping it gives them back.
#[derive(Debug)]
pub(crate) struct Charge {
    host: Arc<MemoryCounter>,
    /// The call that they are also charged to, if there is one.
    call: Option<Arc<MemoryCounter>>,
    bytes: u64,
}

impl Charge {
    pub(super) fn new(
        host: Arc<MemoryCounter>,
        call: Option<Arc<MemoryCounter>>,
        bytes: u64,
    ) -> Result<Self, MemoryError> {
        let mut charge = Self {
            host,
            call,
            bytes: 0,
        };
        charge.grow(bytes)?;
        Ok(charge)
    }

    /// The number of charged bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Splits off a charge of `bytes`, or of all bytes if it has fewer.
    pub(crate) fn split(&mut self, bytes: u64) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self {
            host: self.host.clone(),
            call: self.call.clone(),
            bytes,
        }
    }

    /// Stops counting toward its call; the bytes still count toward the host's total.
    pub(super) fn leave_call(&mut self) {
        if let Some(call) = self.call.take() {
            call.give_back(self.bytes);
        }
    }

    /// Where large data is freed together with its charge.
    pub(super) fn disposal(&self) -> &Arc<Disposal> {
        self.host.disposal()
    }

    /// Charges `more` bytes in addition.
    ///
    /// # Errors
    ///
    /// [`MemoryError`]; then the charge stays unchanged.
    pub(crate) fn grow(&mut self, more: u64) -> Result<(), MemoryError> {
        if let Some(call) = &self.call {
            call.take(more)?;
        }
        if let Err(error) = self.host.take(more) {
            if let Some(call) = &self.call {
                call.give_back(more);
            }
            return Err(error);
        }
        self.bytes = self.bytes.saturating_add(more);
        Ok(())
    }

    /// Gives back `fewer` bytes, or all bytes if it has fewer.
    pub(crate) fn shrink(&mut self, fewer: u64) {
        let fewer = fewer.min(self.bytes);
        self.bytes -= fewer;
        self.host.give_back(fewer);
        if let Some(call) = &self.call {
            call.give_back(fewer);
        }
    }

    /// Charges or gives back bytes until the charge is `bytes`.
    ///
    /// # Errors
    ///
    /// As [`Self::grow`].
    pub(crate) fn resize(&mut self, bytes: u64) -> Result<(), MemoryError> {
        match bytes.checked_sub(self.bytes) {
            Some(more) => self.grow(more),
            None => {
                self.shrink(self.bytes.saturating_sub(bytes));
                Ok(())
            }
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}
