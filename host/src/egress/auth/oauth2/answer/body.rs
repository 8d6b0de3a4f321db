//! The body of an answer, as a value: JSON, or a form.

use serde_json::{Map, Value};
use url::form_urlencoded;

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
const UTF16_MARKS: [(&[u8], UnitReader); 2] = [
    (b"\xFF\xFE", u16::from_le_bytes),
    (b"\xFE\xFF", u16::from_be_bytes),
];

/// Reads one unit of UTF-16.
type UnitReader = fn([u8; 2]) -> u16;

/// The body as text, without the mark that some servers put before it, and without blanks around it.
pub(super) fn text(body: &[u8]) -> String {
    for (mark, unit) in UTF16_MARKS {
        if let Some(rest) = body.strip_prefix(mark) {
            let units = rest.as_chunks().0.iter().copied().map(unit);
            let text: String = char::decode_utf16(units)
                .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect();
            return text.trim().to_owned();
        }
    }
    let body = body.strip_prefix(UTF8_MARK).unwrap_or(body);
    String::from_utf8_lossy(body).trim().to_owned()
}

/// What the text says, whatever content type it has: servers send either form under any. `None` if it is neither.
pub(super) fn value(text: &str) -> Option<Value> {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Some(value),
        _ => form(text),
    }
}

/// A form, such as `access_token=a&token_type=bearer`.
fn form(text: &str) -> Option<Value> {
    let is_name = |name: &str| {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "_-.[]".contains(letter);
        !name.is_empty() && name.chars().all(fits)
    };
    if !text.contains('=') || text.contains(char::is_control) {
        return None;
    }
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        if !is_name(&name) {
            return None;
        }
        fields
            .entry(name)
            .or_insert_with(|| value.into_owned().into());
    }
    Some(Value::Object(fields))
}
