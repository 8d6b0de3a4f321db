//! Strings and names as they stand in a text: quoted, with escapes.

const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// The text without the white space that JSON allows around a value.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(WHITE_SPACE)
}

/// Whether a quoted JSON string spells this name, with or without escapes.
pub(crate) fn is_name(quoted: &str, name: &str) -> bool {
    if quoted.contains('\\') {
        unquote(quoted).is_some_and(|spelled| spelled == name)
    } else {
        quoted
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            == Some(name)
    }
}

/// Reads a quoted JSON string; `None` for another value, and for a lone surrogate, which is no
/// text.
pub(crate) fn unquote(quoted: &str) -> Option<String> {
    serde_json::from_str(quoted).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_what_they_spell() {
        let cases = [
            (r#""ab""#, true),
            (r#""\u0061b""#, true),
            (r#""a""#, false),
            (r#""\ud800""#, false),
            (r#""ab\u0000""#, false),
            (r#""\"ab""#, false),
        ];
        for (quoted, same) in cases {
            assert_eq!(is_name(quoted, "ab"), same, "{quoted}");
        }
        assert!(is_name(r#""a\"b\\""#, "a\"b\\"));
    }
}
