//! Plain data that may be large, given back from its end.

use std::sync::Arc;

/// Plain data that may be large. Dropping it gives memory back and does nothing else: it asks no account for memory, and
/// takes no lock.
pub(crate) trait Bulk: Send + 'static {
    /// What dropping it gives back, in bytes.
    fn held_bytes(&self) -> usize;

    /// Gives back about so many bytes of what it holds, its end first. By itself it does nothing: then all is given back
    /// at once.
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

/// Shared by others, it gives back nothing.
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
