//! Reads JSON that a strict reader refuses although it contains a token: half of a surrogate pair in somebody's name,
//! a raw line break in a string, a number out of range, a PHP notice before the object.

use serde_json::{Map, Value};

/// The greatest nesting depth of objects and lists.
const MAX_DEPTH: usize = 64;

/// At how many places of a text an object is looked for.
const MAX_BEGINNINGS: usize = 16;

/// The first object anywhere in the text for which `is_meant` holds. The text around it is ignored.
pub(super) fn object(text: &str, is_meant: impl Fn(&Value) -> bool) -> Option<Value> {
    let beginnings = text.match_indices('{').take(MAX_BEGINNINGS);
    beginnings
        .filter_map(|(at, _)| {
            let mut reader = LenientReader {
                rest: text.get(at..)?,
            };
            reader.value(MAX_DEPTH)
        })
        .find(|value| is_meant(value))
}

struct LenientReader<'t> {
    rest: &'t str,
}

impl LenientReader<'_> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        match self.peek()? {
            '{' => self.object(depth),
            '[' => self.list(depth),
            '"' => self.text().map(Value::String),
            _ => self.literal(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        self.take('{')?;
        let mut fields = Map::new();
        while self.peek()? != '}' {
            let name = self.text()?;
            self.take(':')?;
            fields.insert(name, self.value(depth)?);
            if self.peek()? != '}' {
                self.take(',')?;
            }
        }
        self.take('}')?;
        Some(Value::Object(fields))
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        self.take('[')?;
        let mut items = Vec::new();
        while self.peek()? != ']' {
            items.push(self.value(depth)?);
            if self.peek()? != ']' {
                self.take(',')?;
            }
        }
        self.take(']')?;
        Some(Value::Array(items))
    }

    /// A string, with `\u{FFFD}` in place of invalid characters.
    fn text(&mut self) -> Option<String> {
        self.take('"')?;
        let mut text = String::new();
        let mut units = Vec::new();
        loop {
            let next = self.next()?;
            if next == '\\' && self.rest.starts_with('u') {
                let digits = self.rest.get(1..5)?;
                units.push(u16::from_str_radix(digits, 16).ok()?);
                self.rest = self.rest.get(5..)?;
                continue;
            }
            let decoded = char::decode_utf16(units.drain(..));
            text.extend(decoded.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
            match next {
                '"' => return Some(text),
                '\\' => text.push(match self.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    other => other,
                }),
                other => text.push(other),
            }
        }
    }

    /// A number, even one that no type can hold, or a word of JSON.
    fn literal(&mut self) -> Option<Value> {
        let ends = |letter: char| ",]}".contains(letter) || letter.is_whitespace();
        let (literal, rest) = self.rest.split_at(self.rest.find(ends)?);
        self.rest = rest;
        let is_number = literal.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        match serde_json::from_str(literal) {
            Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) => Some(value),
            _ => is_number.then(|| literal.into()),
        }
    }

    /// The next character that is not whitespace. It is not consumed.
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn take(&mut self, expected: char) -> Option<()> {
        self.peek()?;
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    fn next(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let next = letters.next();
        self.rest = letters.as_str();
        next
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_read_although_a_strict_reader_refuses_it() {
        for (text, expected) in [
            (r#"{"a":"Bob \ud83d"}"#, json!({"a": "Bob \u{FFFD}"})),
            (r#"{"a":"\ud83d\ude00\u00e9"}"#, json!({"a": "😀é"})),
            ("{\"a\":\"one\ntwo\"}", json!({"a": "one\ntwo"})),
            (r#"{"a":1e999,"b":-1}"#, json!({"a": "1e999", "b": -1})),
            (")]}',\n{\"a\":1}", json!({"a": 1})),
            ("<b>Notice</b> {x} {\"a\":[1,{}],}", json!({"a": [1, {}]})),
            (r#"{"a":"\q\"\\\/"}// done"#, json!({"a": "q\"\\/"})),
        ] {
            let found = object(text, |value| value.get("a").is_some());
            assert_eq!(found, Some(expected), "{text}");
        }
        let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
        let many = format!("{}{{\"a\":1}}", "{x".repeat(MAX_BEGINNINGS));
        let fewer = many.strip_prefix("{x").unwrap_or_default();
        assert!(object(fewer, |_| true).is_some());
        for text in [
            "",
            "{",
            "{\"a\":\"",
            "{\"a\":\"\\u12",
            "{\"a\":1",
            "{a:1}",
            "{\"a\":x}",
            &deep,
            &many,
        ] {
            assert_eq!(object(text, |_| true), None, "{text}");
        }
    }
}
