//! Searches bytes in blocks.

const BLOCK_BYTES: usize = 16;

/// The place of the first byte for which `is_one` holds. Each block is first tested as a whole, which the processor
/// does in one step, so that a head is searched in a fraction of the time.
#[inline]
pub(super) fn first(bytes: &[u8], is_one: impl Fn(u8) -> bool) -> Option<usize> {
    let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
    let mut from = 0_usize;
    for block in blocks {
        if block.iter().fold(false, |any, byte| any | is_one(*byte)) {
            let place = block.iter().position(|byte| is_one(*byte))?;
            return Some(from.saturating_add(place));
        }
        from = from.saturating_add(BLOCK_BYTES);
    }
    let place = rest.iter().position(|byte| is_one(*byte))?;
    Some(from.saturating_add(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_byte_is_found_at_any_place() {
        for length in 0..70 {
            let mut bytes = vec![b'a'; length];
            assert_eq!(first(&bytes, |byte| byte == b'x'), None);
            for place in (0..length).rev() {
                bytes[place] = b'x';
                assert_eq!(first(&bytes, |byte| byte == b'x'), Some(place), "{length}");
            }
        }
    }
}
