//! The values of attributes.

use std::sync::Arc;
use std::time::Duration;

use crate::report;

/// The longest text of an attribute, in bytes.
const MAX_TEXT_BYTES: usize = 1_024;

/// The value of an attribute of a span.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AttributeValue {
    /// A name from the code.
    Name(&'static str),
    /// A text that others have, too.
    Shared(Arc<str>),
    /// Any other text, shortened.
    Text(String),
    Number(i64),
    Fraction(f64),
    Switch(bool),
}

impl AttributeValue {
    /// A text of at most a kilobyte; the rest is cut off.
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(report::shortened(text, MAX_TEXT_BYTES))
    }

    /// A time in milliseconds, as in the log.
    pub(crate) fn milliseconds(time: Duration) -> Self {
        Self::Fraction(report::milliseconds(time))
    }
}

impl From<&'static str> for AttributeValue {
    fn from(name: &'static str) -> Self {
        Self::Name(name)
    }
}

impl From<Arc<str>> for AttributeValue {
    fn from(text: Arc<str>) -> Self {
        Self::Shared(text)
    }
}

impl From<u64> for AttributeValue {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u16> for AttributeValue {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for AttributeValue {
    fn from(is_on: bool) -> Self {
        Self::Switch(is_on)
    }
}
