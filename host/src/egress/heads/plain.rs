//! Heads as nearly all servers send them. They are recognized as a whole, in a fifth of the time of checking each
//! line.

use memchr::{memchr, memchr_iter};

use super::fault::{MAX_HEAD_BYTES, MAX_RESPONSE_HEADERS};
use super::framing::HeadFraming;
use super::line_bytes::is_control;
use super::lines::{MAX_NAME_BYTES, is_of_name};

/// The beginning of a head that is not followed by another one (RFC 9110, section 15.2), without the status.
const BEGINNINGS: [&[u8]; 2] = [b"HTTP/1.1 ", b"HTTP/1.0 "];

/// Bytes are counted in blocks of this size.
const BLOCK_BYTES: usize = 16;

/// Which bytes a name may contain, by their value.
#[allow(
    clippy::indexing_slicing,
    reason = "there is a place for each byte, and the compiler checks it"
)]
const NAME_BYTES: [bool; 256] = {
    let mut are_of_names = [false; 256];
    let mut byte = u8::MIN;
    loop {
        are_of_names[byte as usize] = is_of_name(byte);
        if byte == u8::MAX {
            break are_of_names;
        }
        byte += 1;
    }
};

/// What the head says about the body, and the length of the head; `None` if the head isn't complete, or not all of
/// its lines are valid: then each line must be checked.
pub(super) fn beginning(bytes: &[u8]) -> Option<(HeadFraming, usize)> {
    let status = BEGINNINGS
        .iter()
        .find_map(|beginning| bytes.strip_prefix(*beginning)?.first());
    if !matches!(status, Some(b'2'..=b'5')) {
        return None;
    }
    let mut framing = HeadFraming::default();
    let mut begin = 0_usize;
    for (number, end) in memchr_iter(b'\n', bytes).enumerate() {
        let line = bytes.get(begin..end)?.strip_suffix(b"\r")?;
        begin = end.saturating_add(1);
        if line.is_empty() {
            let lines = number.saturating_add(1);
            let head = bytes.get(..begin).unwrap_or_default();
            let is_plain = head.len() <= MAX_HEAD_BYTES as usize
                && lines <= MAX_RESPONSE_HEADERS.saturating_add(2)
                // The control characters of the line ends.
                && controls(head) == lines.saturating_mul(2);
            return is_plain.then_some((framing, begin));
        }
        if number == 0 {
            framing = HeadFraming::of(line);
        } else {
            let (name, value) = line.split_at_checked(name_bytes(line)?)?;
            framing.note(name, value.get(1..)?);
        }
    }
    None
}

/// The length of the name at the beginning of a line, before a colon.
fn name_bytes(line: &[u8]) -> Option<usize> {
    let is_of_name = |byte: &u8| NAME_BYTES.get(usize::from(*byte)) == Some(&true);
    let end = memchr(b':', line)?;
    let name = line.get(..end)?;
    ((1..=MAX_NAME_BYTES).contains(&end) && name.iter().all(is_of_name)).then_some(end)
}

/// How many bytes are control characters that no value may contain.
fn controls(bytes: &[u8]) -> usize {
    let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
    let of_blocks = blocks.iter().map(controls_of_block).sum::<usize>();
    let mut last = [b' '; BLOCK_BYTES];
    for (filled, byte) in last.iter_mut().zip(rest) {
        *filled = *byte;
    }
    of_blocks.saturating_add(controls_of_block(&last))
}

/// The processor handles a block of a known size as a whole.
fn controls_of_block(block: &[u8; BLOCK_BYTES]) -> usize {
    let count = block.iter().fold(0_u8, |count, byte| {
        count.wrapping_add(is_control(*byte).into())
    });
    usize::from(count)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::lines::{HeadLines, LineVerdict};
    use super::*;

    fn begins_plainly(bytes: &[u8]) -> bool {
        beginning(bytes).is_some()
    }

    /// Whether each line of a head is valid when checked alone, and the last one is there.
    fn is_good(head: &[u8]) -> bool {
        let mut lines = HeadLines::default();
        let mut rest = head;
        while let Ok(Some((verdict, after))) = lines.next(rest) {
            match verdict {
                LineVerdict::Good => rest = after,
                LineVerdict::Last => return true,
                LineVerdict::LeftOut(_) | LineVerdict::Folded(_) | LineVerdict::Location(_) => {
                    return false;
                }
            }
        }
        false
    }

    #[test]
    fn usual_heads_are_plain() {
        for head in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 404 \r\ncontent-type: text/plain\r\n\r\nbody\n\x01",
            "HTTP/1.0 302 Found\r\nLocation: /gr\u{fc}n\r\nX-Empty:\r\nx-tab:\ta\tb\r\n\r\n",
        ] {
            assert!(begins_plainly(head.as_bytes()), "{head:?}");
        }
    }

    #[test]
    fn unusual_heads_are_checked_line_by_line() {
        for head in [
            "",
            "HTTP/1.1 200 OK\r\nx-a: 1\r\n",
            "HTTP/1.1 200 OK\nx-a: 1\n\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 101 Switching\r\n\r\n",
            "\r\nHTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx-a: 1\r\n 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx-a : 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\n: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx a: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx-a: \x01\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx-a: \x7f\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx-a: 1\r\r\n\r\n",
            "HTTP/1.1 200 \rOK\r\n\r\n",
        ] {
            assert!(!begins_plainly(head.as_bytes()), "{head:?}");
        }
        let long = format!(
            "HTTP/1.1 200 OK\r\n{}: 1\r\n\r\n",
            "a".repeat(MAX_NAME_BYTES + 1)
        );
        assert!(!begins_plainly(long.as_bytes()));
        let many = "x: 1\r\n".repeat(MAX_RESPONSE_HEADERS + 1);
        assert!(!begins_plainly(
            format!("HTTP/1.1 200 OK\r\n{many}\r\n").as_bytes()
        ));
        let large = "a".repeat(MAX_HEAD_BYTES as usize);
        assert!(!begins_plainly(
            format!("HTTP/1.1 200 OK\r\nx: {large}\r\n\r\n").as_bytes()
        ));
    }

    proptest! {
        #[test]
        fn plain_heads_are_good_line_by_line(
            pieces in vec(select(vec![
                "x", "-a", ":", ": ", " ", "\t", "1", "\r\n", "\r\n", "\r\nx-b: 2", "\n", "\r", "\0", "\x7f", "\u{fc}", "\r\n\r\n",
                "content-length", "HTTP/1.1 200 OK",
            ]), 0..24),
            status in select(vec!["200 OK", "404", "304 ", "100 Go on", "101 X", "", "20", "abc"]),
        ) {
            let head = format!("HTTP/1.1 {status}\r\n{}\r\n\r\n", pieces.concat());
            prop_assert!(!begins_plainly(head.as_bytes()) || is_good(head.as_bytes()), "{head:?}");
        }
    }
}
