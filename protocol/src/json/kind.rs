//! The six kinds of JSON values.

use std::fmt::{self, Display, Formatter};

use super::string::trim;

/// The kind of a JSON value. Its text fits into a sentence: "a string", "null".
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
    /// Determines the kind from the first character. Correct for JSON texts only.
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
    fn kind_of_each_value_is_recognized() {
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
