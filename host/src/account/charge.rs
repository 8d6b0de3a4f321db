//! Bytes that are held, until they are given back.

use std::sync::Arc;

use super::counter::MemoryCounter;
use super::disposal::Disposal;
use super::error::MemoryError;

/// So many bytes of an account. Dropping it gives them back.
#[derive(Debug)]
pub(crate) struct Charge {
    host: Arc<MemoryCounter>,
    /// Of the call whose own they are besides.
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

    /// How many bytes are charged.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A charge of its own for so many of its bytes; for all, if it has fewer.
    pub(crate) fn split(&mut self, bytes: u64) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self {
            host: self.host.clone(),
            call: self.call.clone(),
            bytes,
        }
    }

    /// Counts no longer for the call that it was for, only for all.
    pub(super) fn leave_call(&mut self) {
        if let Some(call) = self.call.take() {
            call.give_back(self.bytes);
        }
    }

    /// Where what is charged is given back, if that takes long.
    pub(super) fn disposal(&self) -> &Arc<Disposal> {
        self.host.disposal()
    }

    /// Charges so many more.
    ///
    /// # Errors
    ///
    /// [`MemoryError`]; what is charged stays as it was.
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

    /// Gives so many back; all, if it has fewer.
    pub(crate) fn shrink(&mut self, fewer: u64) {
        let fewer = fewer.min(self.bytes);
        self.bytes -= fewer;
        self.host.give_back(fewer);
        if let Some(call) = &self.call {
            call.give_back(fewer);
        }
    }

    /// Charges or gives back until it is so many.
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
