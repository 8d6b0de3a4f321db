//! Classifies the bytes of a line.

use super::blocks::first;

/// The kinds of bytes in a line, without its line break.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct LineBytes {
    /// Some are control characters, which no value may contain (RFC 9110, section 5.5).
    pub(super) are_odd: bool,
    /// Some make the parser fail: zero bytes, and carriage returns within the line.
    pub(super) are_refused: bool,
    /// The last one is a carriage return: the next one decides what it means.
    end_in_return: bool,
}

impl LineBytes {
    /// Learns the bytes up to the end of the line, after those before. Returns the place of the last one, a line
    /// feed; `None` if it isn't there.
    pub(super) fn up_to_the_end(&mut self, bytes: &[u8]) -> Option<usize> {
        if std::mem::take(&mut self.end_in_return) && bytes.first() != Some(&b'\n') {
            self.are_odd = true;
            self.are_refused = true;
        }
        let mut from = 0_usize;
        while let Some(found) = bytes.get(from..).and_then(first_control) {
            let at = from.saturating_add(found);
            let next = at.saturating_add(1);
            match (bytes.get(at), bytes.get(next)) {
                (Some(b'\n'), _) => return Some(at),
                (Some(b'\r'), Some(b'\n')) => return Some(next),
                (Some(b'\r'), None) => self.end_in_return = true,
                (byte, _) => {
                    self.are_odd = true;
                    self.are_refused |= matches!(byte, Some(b'\r' | b'\0'));
                }
            }
            from = next;
        }
        None
    }
}

/// The first byte that no header value may contain.
fn first_control(bytes: &[u8]) -> Option<usize> {
    first(bytes, is_control)
}

pub(super) const fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}
