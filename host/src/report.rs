//! Causes, untrusted texts and digests as people read them. A leaf, usable by all rooms.

use std::fmt::Write as _;

/// An error and its causes on one line, outermost first, as log fields and answers carry them.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// A text without control characters, so that it can neither forge another line nor drive a terminal: each becomes an
/// escape such as `\u{1b}`. So do the separators of lines and the characters that turn the direction of writing,
/// which can make a line read as another. Tabs stay.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        let deceives = matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        );
        if deceives || (character.is_control() && character != '\t') {
            // Writing to a string can't fail.
            let _ = write!(escaped, "{}", character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The beginning of a text, at most `max_bytes` of it, with `…` if something is left out.
pub(crate) fn shortened(text: &str, max_bytes: usize) -> String {
    if text.len() <= max_bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(max_bytes);
    format!("{}…", text.split_at(end).0)
}

/// Two lower-case digits for each byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        for (text, expected) in [
            ("plain text", "plain text"),
            ("tab\tstays", "tab\tstays"),
            ("\x1b[31mred", "\\u{1b}[31mred"),
            ("a\rb\nc", "a\\u{d}b\\u{a}c"),
            ("null\0", "null\\u{0}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\u{2028}b", "a\\u{2028}b"),
        ] {
            assert_eq!(escaped(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shortened("grüße", 10), "grüße");
        assert_eq!(shortened("grüße", 3), "gr…");
        assert_eq!(shortened("grüße", 4), "grü…");
    }
}
