//! The six kinds of JSON values.

use std::fmt::{self, Display, Formatter};

use super::string::trim;

/// What a JSON value is. Its text fits into a sentence: "a string", "null".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// Any number, of any size.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl JsonKind {
    /// Tells what a text is by its first character: right for JSON texts only.
    pub(crate) fn of(text: &str) -> Self {
        match trim(text).as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'"') => Self::String,
            Some(b'[') => Self::Array,
            Some(b'{') => Self::Object,
            _ => Self::Number,
        }
    }
}

impl Display for JsonKind {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_told_by_its_kind() {
        let cases = [
            ("null", JsonKind::Null),
            (" true", JsonKind::Boolean),
            ("false", JsonKind::Boolean),
            ("-1e400", JsonKind::Number),
            ("\"a\"", JsonKind::String),
            ("\n[1]", JsonKind::Array),
            ("\t{} ", JsonKind::Object),
        ];
        for (text, kind) in cases {
            assert_eq!(JsonKind::of(text), kind, "{text}");
        }
    }
}
