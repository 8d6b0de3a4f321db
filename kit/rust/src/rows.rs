//! An API's rows, exactly as it wrote them.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::Error;

/// The rows of an API's response, checked but not rewritten: numbers keep their digits, objects their order.
#[derive(Clone, Debug)]
pub struct Rows {
    json: Box<RawValue>,
    len: usize,
    last: String,
}

impl Rows {
    /// Parses a JSON array of objects.
    ///
    /// # Errors
    ///
    /// If the text is not a JSON array of objects; the error says where.
    pub fn parse(json: impl Into<String>) -> Result<Self, serde_json::Error> {
        let json = RawValue::from_string(json.into())?;
        let rows: Vec<&RawValue> = serde_json::from_str(json.get())?;
        if let Some(index) = rows.iter().position(|row| !row.get().starts_with('{')) {
            let number = index.saturating_add(1);
            return Err(serde_json::Error::custom(format_args!(
                "row {number} is not an object"
            )));
        }
        let len = rows.len();
        let last = rows
            .last()
            .map_or_else(String::new, |row| row.get().to_owned());
        Ok(Self { json, len, last })
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The fields that the connector needs of the last row, such as its key; `None` if there are no rows.
    ///
    /// # Errors
    ///
    /// [`Error::Upstream`] if the row lacks one of the fields, or has another type in it.
    pub fn last<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        if self.is_empty() {
            return Ok(None);
        }
        serde_json::from_str(&self.last)
            .map(Some)
            .map_err(|cause| Error::Upstream(format!("the last row is not as expected: {cause}")))
    }
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Page;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        id: u64,
    }

    #[test]
    fn rows_are_counted_and_the_last_is_read() {
        let rows = Rows::parse(r#"[{"id": 1}, {"id": 2, "more": [{}]}]"#).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows.last(), Ok(Some(Row { id: 2 })));
        let none = Rows::parse(" [ ] ").unwrap();
        assert!(none.is_empty());
        assert_eq!(none.last::<Row>(), Ok(None));
    }

    #[test]
    fn rows_are_passed_on_exactly_as_written() {
        let text = r#"[{"b": 1.50, "a": 12345678901234567890123}, {"id":1e2}]"#;
        let page = Page::new(Rows::parse(text).unwrap()).unwrap();
        assert_eq!(page.rows_json(), text);
    }

    #[test]
    fn a_list_of_something_else_is_rejected() {
        for (text, words) in [
            ("", "EOF"),
            ("[{]", "column"),
            (r#"{"error": "no"}"#, "sequence"),
            (r#"[{"id": 1}, 2]"#, "row 2"),
        ] {
            let error = Rows::parse(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        let rows = Rows::parse(r#"[{"name": "x"}]"#).unwrap();
        assert!(matches!(rows.last::<Row>(), Err(Error::Upstream(_))));
    }
}
