//! Builds JSON texts from checked texts.

use serde_json::Value;

/// Writes a text as a JSON string.
pub(crate) fn quote(text: &str) -> String {
    // `Value` can always be written.
    Value::from(text).to_string()
}

/// Writes an object of names and JSON texts in the given order.
pub(crate) fn object<'a>(members: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let members = members
        .into_iter()
        .map(|(name, value)| format!("{}:{value}", quote(name)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::unquote;

    #[test]
    fn written_strings_read_back() {
        for text in ["", "a\"b\\c", "\u{0}\u{1f}\u{7f}\n", "é\u{1f37a}\u{2028}"] {
            assert_eq!(unquote(&quote(text)).as_deref(), Some(text), "{text:?}");
        }
    }
}
