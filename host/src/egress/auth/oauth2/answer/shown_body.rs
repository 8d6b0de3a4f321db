//! An answer's body for a message, if no words of a refusal were found in it.

use serde_json::Value;

/// A text of this length without whitespace may be a token.
const LEAST_TOKEN: usize = 20;

/// The replacement for a possible token.
const LEFT_OUT: &str = "…";

/// Parts of names whose values are never shown.
const SECRET_WORDS: [&str; 10] = [
    "token",
    "secret",
    "pass",
    "key",
    "jwt",
    "session",
    "cookie",
    "sid",
    "credential",
    "assertion",
];

/// How much of a body is shown.
const MAX_BYTES: usize = 4 << 10;

/// A value without possible tokens; an empty text if nothing is left.
pub(super) fn of_value(value: &Value) -> String {
    let is_empty = match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    if is_empty {
        return String::new();
    }
    let mut value = value.clone();
    leave_out(&mut value);
    value.to_string()
}

/// A text that is not a value, without XML tags and possible tokens.
pub(super) fn of_text(text: &str) -> String {
    let text = text.split_at(text.floor_char_boundary(MAX_BYTES)).0;
    let mut plain = String::with_capacity(text.len());
    if text.starts_with('<') {
        for part in text.split('<') {
            plain.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
            plain.push(' ');
        }
    } else {
        plain.push_str(text);
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ")
}

/// Whether a text that begins with a tag is a web page.
pub(super) fn is_html(text: &str) -> bool {
    let text = text.split_at(text.floor_char_boundary(MAX_BYTES)).0;
    let text = text.to_ascii_lowercase();
    text.contains("<html") || text.contains("<!doctype html")
}

fn leave_out(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.to_ascii_lowercase();
                if SECRET_WORDS.iter().any(|word| name.contains(word)) {
                    *value = LEFT_OUT.into();
                } else {
                    leave_out(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out),
        Value::String(text) => {
            let mut words = text.split_whitespace();
            if words.any(|word| word.chars().count() >= LEAST_TOKEN) {
                *value = LEFT_OUT.into();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn possible_tokens_are_not_shown() {
        let body = json!({
            "hint": "no such app", "csrfToken": "short", "x": ["0123456789abcdefghij", 7], "when": { "sid": 1 }
        });
        assert_eq!(
            of_value(&body),
            r#"{"csrfToken":"…","hint":"no such app","when":{"sid":"…"},"x":["…",7]}"#
        );
        assert_eq!(of_value(&json!({})), "");
        assert_eq!(
            of_text("<?xml version=\"1.0\"?>\n<e><code>7</code><m>no  such app</m></e>"),
            "7 no such app"
        );
        assert_eq!(of_text(&"x".repeat(9_999)).len(), MAX_BYTES);
        assert!(is_html("<!DOCTYPE html><p>") && !is_html("<e/>"));
    }
}
