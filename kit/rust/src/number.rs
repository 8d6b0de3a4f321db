//! Numbers that keep their digits.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON number with all of its digits, as the API wrote it. A field of this type keeps digits that an `f64` or a
/// `serde_json::Value` would round, and serializes to the same text.
///
/// ```
/// use weld_connector::Number;
///
/// #[derive(serde::Deserialize, serde::Serialize)]
/// struct Row {
///     id: u64,
///     price: Number,
/// }
///
/// let text = r#"{"id":18446744073709551615,"price":0.12345678901234567890}"#;
/// let row: Row = serde_json::from_str(text)?;
/// assert_eq!(row.price.as_str(), "0.12345678901234567890");
/// assert_eq!(serde_json::to_string(&row)?, text);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Two numbers are equal if their digits are. A `Number` can't be deserialized within types that use serde's `flatten`,
/// `untagged` or `tag`, which buffer the value first.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Number(String);

impl Number {
    /// The number's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses the number as another type, such as `i128`, `f64`, or a decimal type.
    ///
    /// # Errors
    ///
    /// The error of that type if it can't hold the number.
    pub fn parse<T: FromStr>(&self) -> Result<T, T::Err> {
        self.0.parse()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let text = json.get();
        if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(D::Error::custom(format_args!("{text:.40} is not a number")))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = RawValue::from_string(self.0.clone()).map_err(serde::ser::Error::custom)?;
        json.serialize(serializer)
    }
}

impl FromStr for Number {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Page;

    #[test]
    fn digits_are_kept() {
        let text = "[-0,9007199254740993,340282366920938463463374607431768211456,0.10,-1.5e+400,\
                    0.12345678901234567890]";
        let numbers: Vec<Number> = serde_json::from_str(text).unwrap();
        assert_eq!(Page::new(&numbers).unwrap().rows_json(), text);
        assert_eq!(numbers[1].parse(), Ok(9_007_199_254_740_993_i64));
        assert!(numbers[2].parse::<u128>().is_err());
        assert_eq!(numbers[3].to_string(), "0.10");
        assert_eq!("7".parse::<Number>().unwrap(), Number("7".to_owned()));
    }

    #[test]
    fn other_texts_are_rejected() {
        for text in [
            "null", "\"1\"", "true", "[1]", "NaN", "Infinity", "01", "1.", "+1", "",
        ] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }
}
