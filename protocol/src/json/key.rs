//! The canonical spelling of a primary key's value.

use std::borrow::Cow;

use super::canonical::canonical;

/// An integer of up to this many digits, with or without a sign, needs no closer look.
const SHORT_DIGITS: usize = 18;

/// Returns the canonical spelling of a primary key's value, given as a well-formed JSON text without white space
/// around it. Two spellings are equal exactly if the values are, at any depth. A number with an exponent beyond 64
/// bits keeps its spelling.
///
/// ```
/// use weld_protocol::canonical_key;
///
/// assert_eq!(canonical_key("1.0"), "1");
/// assert_eq!(canonical_key(r#"{"b": [1e2], "a": "\u00e9"}"#), r#"{"a":"é","b":[100]}"#);
/// ```
#[must_use]
pub fn canonical_key(text: &str) -> Cow<'_, str> {
    let is_plain = match text.as_bytes() {
        [b'"', ..] => !text.contains('\\'),
        [b't' | b'f' | b'n', ..] => true,
        [b'-', digits @ ..] => is_short(digits) && digits != b"0",
        digits => is_short(digits),
    };
    if is_plain {
        text.into()
    } else {
        canonical(text, usize::MAX).into()
    }
}

fn is_short(digits: &[u8]) -> bool {
    digits.len() <= SHORT_DIGITS && digits.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_keys_are_not_copied() {
        for text in ["1", "-1", "123456789012345678", "\"a\"", "true", "null"] {
            assert!(matches!(canonical_key(text), Cow::Borrowed(_)), "{text}");
        }
        for (text, expected) in [
            ("-0", "0"),
            ("0.50", "0.5"),
            ("1e2", "100"),
            ("1234567890123456789", "1234567890123456789"),
            (r#""\u0061""#, "\"a\""),
            ("[ ]", "[]"),
        ] {
            assert_eq!(canonical_key(text), expected);
        }
    }
}
