//! Data that may be large, together with its charge.

use bytes::Bytes;

use super::bulk::Bulk;
use super::charge::Charge;
use super::disposal::Remnant;
use super::error::MemoryError;
use super::room::make_room;

/// Data of at least this size is freed on a separate thread. From this size on, the heap maps each allocation
/// separately.
const LARGE_BYTES: usize = 1 << 20;

/// Frees data together with its charge; on a separate thread if it is large. Its charge is kept until then.
pub(crate) fn give_back(bulk: impl Bulk, mut charge: Charge) {
    if bulk.held_bytes() >= LARGE_BYTES {
        charge.leave_call();
        let disposal = charge.disposal().clone();
        disposal.put(Box::new(ChargedRemnant { bulk, charge }));
    } else {
        drop(bulk);
        drop(charge);
    }
}

/// Held data that is being freed.
struct ChargedRemnant<B: Bulk> {
    // Dropped first.
    bulk: B,
    charge: Charge,
}

impl<B: Bulk> Remnant for ChargedRemnant<B> {
    fn charged_bytes(&self) -> u64 {
        self.charge.bytes()
    }

    fn shorten(&mut self, bytes: usize) -> bool {
        let before = self.bulk.held_bytes();
        if before <= bytes {
            return false;
        }
        self.bulk.shorten(bytes);
        let after = self.bulk.held_bytes();
        let excess = self.charge.bytes().saturating_sub(after as u64);
        self.charge.shrink(excess);
        after < before
    }
}

/// Data that may be large, with its charge. Both are given back together, as [`give_back`] does.
#[derive(Debug)]
pub(crate) struct Holding<B: Bulk + Default> {
    bulk: B,
    charge: Charge,
}

impl<B: Bulk + Default> Holding<B> {
    pub(crate) fn new(bulk: B, charge: Charge) -> Self {
        Self { bulk, charge }
    }

    /// The charge, to which more can be added.
    pub(crate) fn charge(&mut self) -> &mut Charge {
        &mut self.charge
    }

    /// Both parts, which the caller must then give back.
    pub(crate) fn into_parts(mut self) -> (B, Charge) {
        let charge = self.charge.split(u64::MAX);
        (std::mem::take(&mut self.bulk), charge)
    }
}

impl Holding<Vec<u8>> {
    /// Appends bytes, up to a total of `max_bytes`, after charging for the space they need.
    ///
    /// # Errors
    ///
    /// [`MemoryError`]; then the data stays unchanged.
    pub(crate) fn append(&mut self, more: &[u8], max_bytes: u64) -> Result<(), MemoryError> {
        make_room(&mut self.bulk, more.len(), max_bytes, &mut self.charge)?;
        self.bulk.extend_from_slice(more);
        Ok(())
    }
}

impl<B: Bulk + Default + AsRef<[u8]>> Holding<B> {
    /// Shares the data: it is given back with the last clone or slice.
    pub(crate) fn shared(self) -> Bytes {
        let (bulk, charge) = self.into_parts();
        charged_bytes(bulk, charge)
    }
}

impl<B: Bulk + Default> std::ops::Deref for Holding<B> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.bulk
    }
}

impl<B: Bulk + Default + PartialEq<T>, T> PartialEq<T> for Holding<B> {
    fn eq(&self, other: &T) -> bool {
        self.bulk == *other
    }
}

impl<B: Bulk + Default> Drop for Holding<B> {
    fn drop(&mut self) {
        if self.bulk.held_bytes() >= LARGE_BYTES {
            give_back(std::mem::take(&mut self.bulk), self.charge.split(u64::MAX));
        }
    }
}

/// Bytes shared by all clones and slices of them.
struct SharedBulk<B: Bulk>(Holding<Option<B>>);

impl<B: Bulk + AsRef<[u8]>> AsRef<[u8]> for SharedBulk<B> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], AsRef::as_ref)
    }
}

/// Shares `bytes`, which are given back with their charge when the last clone or slice is dropped, in any thread.
pub(crate) fn charged_bytes(bytes: impl Bulk + AsRef<[u8]>, charge: Charge) -> Bytes {
    Bytes::from_owner(SharedBulk(Holding::new(Some(bytes), charge)))
}
