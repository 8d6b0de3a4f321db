//! Plain data that may be large, freed from its end.

use std::sync::Arc;

/// Plain data that may be large. Dropping it frees memory and does nothing else: it charges no account and takes no
/// lock.
pub(crate) trait Bulk: Send + 'static {
    /// The memory that dropping it frees, in bytes.
    fn held_bytes(&self) -> usize;

    /// Frees about `bytes` of its memory, from its end. By default it does nothing, and all the memory is freed at once
    /// when it is dropped.
    fn shorten(&mut self, _bytes: usize) {}
}

impl Bulk for Vec<u8> {
    fn held_bytes(&self) -> usize {
        self.capacity()
    }

    fn shorten(&mut self, bytes: usize) {
        let kept = self.capacity().saturating_sub(bytes);
        self.truncate(kept);
        self.shrink_to(kept);
    }
}

impl Bulk for String {
    fn held_bytes(&self) -> usize {
        self.capacity()
    }

    fn shorten(&mut self, bytes: usize) {
        let kept = self.capacity().saturating_sub(bytes);
        self.truncate(self.floor_char_boundary(kept));
        self.shrink_to(kept);
    }
}

impl<B: Bulk> Bulk for Option<B> {
    fn held_bytes(&self) -> usize {
        self.as_ref().map_or(0, Bulk::held_bytes)
    }

    fn shorten(&mut self, bytes: usize) {
        if let Some(some) = self {
            some.shorten(bytes);
        }
    }
}

/// While others share it, shortening does nothing.
impl<B: Bulk + Sync> Bulk for Arc<B> {
    fn held_bytes(&self) -> usize {
        self.as_ref().held_bytes()
    }

    fn shorten(&mut self, bytes: usize) {
        if let Some(alone) = Self::get_mut(self) {
            alone.shorten(bytes);
        }
    }
}
