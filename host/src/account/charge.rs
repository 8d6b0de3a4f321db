//! Bytes that are held, until they are given back.

use std::sync::Arc;

use bytes::Bytes;

use super::counter::MemoryCounter;
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

/// Bytes with the charge for them, given back together, with the last clone or slice of them.
struct ChargedBytes<B> {
    bytes: B,
    _charge: Charge,
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for ChargedBytes<B> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

/// `bytes`, whose charge is given back with the last clone or slice of them, wherever that has gone.
pub(crate) fn charged_bytes(bytes: impl AsRef<[u8]> + Send + 'static, charge: Charge) -> Bytes {
    Bytes::from_owner(ChargedBytes {
        bytes,
        _charge: charge,
    })
}
