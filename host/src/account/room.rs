//! Space for bytes that arrive one part after another.

use super::charge::Charge;
use super::error::MemoryError;

/// Reserves space for `more` bytes, and charges for it first. It doubles the capacity, so that a long body is rarely
/// moved, but stays within `max_bytes` if that is enough.
///
/// # Errors
///
/// [`MemoryError`]; then the bytes stay unchanged.
pub(crate) fn make_room(
    bytes: &mut Vec<u8>,
    more: usize,
    max_bytes: u64,
    charge: &mut Charge,
) -> Result<(), MemoryError> {
    /// The smallest capacity that is reserved.
    const STEP_BYTES: usize = 64 << 10;
    let needed = bytes.len().saturating_add(more);
    let before = bytes.capacity();
    if needed <= before {
        return Ok(());
    }
    let most = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let wanted = before
        .saturating_mul(2)
        .max(STEP_BYTES)
        .min(most)
        .max(needed);
    // The old and the new buffer exist at the same time while the bytes are moved.
    let capacity = match charge.grow(wanted as u64) {
        Ok(()) => wanted,
        Err(_) => {
            charge.grow(needed as u64)?;
            needed
        }
    };
    bytes.reserve_exact(capacity.saturating_sub(bytes.len()));
    charge.shrink(before as u64);
    Ok(())
}
