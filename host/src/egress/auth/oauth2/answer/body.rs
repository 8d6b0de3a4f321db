//! The body of an answer, as a value: JSON, or a form.

use serde_json::{Map, Value};
use url::form_urlencoded;

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
const UTF16_MARKS: [(&[u8], UnitReader); 2] = [
    (b"\xFF\xFE", u16::from_le_bytes),
    (b"\xFE\xFF", u16::from_be_bytes),
];

/// Names that identify an answer as a form, even if it is a single field.
const FORM_NAMES: [&str; 4] = ["access_token", "token", "error", "error_code"];

/// Reads one unit of UTF-16.
type UnitReader = fn([u8; 2]) -> u16;

/// The body as text, without the byte order mark that some servers put before it, and without surrounding whitespace.
pub(super) fn text(body: &[u8]) -> String {
    for (mark, unit) in UTF16_MARKS {
        if let Some(rest) = body.strip_prefix(mark) {
            return utf16(rest, unit);
        }
    }
    match body {
        // An ASCII character in two bytes, whether or not the charset is stated.
        [first, 0, ..] if *first != 0 => return utf16(body, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => return utf16(body, u16::from_be_bytes),
        _ => {}
    }
    let body = body.trim_ascii_start();
    let body = body.strip_prefix(UTF8_MARK).unwrap_or(body);
    String::from_utf8_lossy(body).trim().to_owned()
}

fn utf16(body: &[u8], unit: UnitReader) -> String {
    let units = body.as_chunks().0.iter().copied().map(unit);
    let text: String = char::decode_utf16(units)
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.trim().to_owned()
}

/// The value of the text, regardless of its content type: servers send both formats under any type. `None` if it is
/// neither.
pub(super) fn value(text: &str) -> Option<Value> {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Some(value),
        // JSON within a JSON string.
        Ok(Value::String(inner)) => match serde_json::from_str(&inner) {
            Ok(value @ Value::Object(_)) => Some(value),
            _ => form(text),
        },
        _ => form(text),
    }
}

/// A token that is the whole answer, with or without quotes; `None` if it can't be a token.
pub(super) fn plain(text: &str) -> Option<Value> {
    let token = match serde_json::from_str(text) {
        Ok(Value::String(inner)) => inner.trim().to_owned(),
        _ => text.to_owned(),
    };
    let is_token = !token.is_empty()
        && !token.starts_with(['<', '{', '['])
        && !token.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    let is_form = || {
        let fields = form(&token);
        let fields = fields.as_ref().and_then(Value::as_object);
        fields.is_some_and(|fields| {
            fields.len() > 1 || FORM_NAMES.iter().any(|name| fields.contains_key(*name))
        })
    };
    (is_token && !is_form()).then(|| token.into())
}

/// A form, such as `access_token=a&token_type=bearer`. It may also be the query or the fragment of a URL, or have a
/// line for each field.
fn form(text: &str) -> Option<Value> {
    let is_name = |name: &str| {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "_-.[]".contains(letter);
        !name.is_empty() && name.chars().all(fits)
    };
    let is_line_end = |letter: char| letter == '\n' || letter == '\r';
    if !text.contains('=')
        || text.contains(|letter: char| letter.is_control() && !is_line_end(letter))
    {
        return None;
    }
    let mut fields = Map::new();
    let text = text.strip_prefix(['?', '#']).unwrap_or(text);
    let pairs = text.split(|letter| letter == '&' || is_line_end(letter));
    for pair in pairs.filter(|pair| !pair.is_empty()) {
        let (name, value) = form_urlencoded::parse(pair.as_bytes()).next()?;
        if !is_name(&name) {
            return None;
        }
        let value = unescaped(pair).map_or_else(|| value.into_owned(), str::to_owned);
        fields.entry(name).or_insert_with(|| value.into());
    }
    Some(Value::Object(fields))
}

/// The value of a field whose author did not escape it: a form leaves neither `/` nor `=` unescaped, so a `+` next to
/// one of them is not a space.
fn unescaped(pair: &str) -> Option<&str> {
    let (_, value) = pair.split_once('=')?;
    (!value.contains('%') && value.contains(['/', '='])).then_some(value)
}
