//! Base64 with padding (RFC 4648, section 4), for bodies that are not text.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for group in bytes.chunks(3) {
        let value = (0..3).fold(0_usize, |value, index| {
            value << 8 | usize::from(group.get(index).copied().unwrap_or_default())
        });
        for index in 0..4 {
            let digit = DIGITS.get(value >> (18 - 6 * index) & 63).copied();
            let is_used = index <= group.len();
            text.push(digit.filter(|_| is_used).map_or('=', char::from));
        }
    }
    text
}

/// `None` if the text is not base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let groups = text.as_bytes().chunks_exact(4);
    if !groups.remainder().is_empty() {
        return None;
    }
    let last = groups.len();
    for (index, group) in groups.enumerate() {
        let padding = group
            .iter()
            .rev()
            .take_while(|digit| **digit == b'=')
            .count();
        if padding > 2 || padding > 0 && index + 1 < last {
            return None;
        }
        let mut value = 0_u32;
        for digit in group.iter().take(4 - padding) {
            let found = DIGITS.iter().position(|other| other == digit)?;
            value = value << 6 | u32::try_from(found).ok()?;
        }
        value <<= 6 * padding;
        let [_, decoded @ ..] = value.to_be_bytes();
        bytes.extend(decoded.iter().take(3 - padding));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_text_are_converted() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (&[102, 111], "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (&[0, 255, 254, 62, 63], "AP/+Pj8="),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes), "{text}");
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all));
        for text in ["Z", "Zg=", "Zg==Zg==", "====", "Z-8=", "Zm9v\n"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
