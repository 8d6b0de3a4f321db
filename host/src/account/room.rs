//! Room for bytes that come one after the other.

use super::charge::Charge;
use super::error::MemoryError;

/// Makes room for so many more bytes, paid for before they are taken: twice as many as there are, so that a long body is
/// seldom moved, but no more than `max_bytes` where that is enough.
///
/// # Errors
///
/// [`MemoryError`]; the bytes stay as they were.
pub(crate) fn make_room(
    bytes: &mut Vec<u8>,
    more: usize,
    max_bytes: u64,
    charge: &mut Charge,
) -> Result<(), MemoryError> {
    /// The least that is taken.
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
    // Both are there while the bytes are moved.
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
