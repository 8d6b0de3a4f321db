//! One value of a TOML file.

use std::fmt;
use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::DeValue;

use super::text::TomlText;
use crate::config::error::Problem;

/// A value, with its key's path and its place in the file.
pub(in crate::config) struct TomlEntry<'d> {
    pub(super) text: &'d TomlText<'d>,
    pub(super) path: String,
    /// Offset in bytes of the key, or of the value if it is an item of a list.
    pub(super) offset: usize,
    pub(super) value: &'d DeValue<'d>,
}

impl<'d> TomlEntry<'d> {
    /// Its key's path, such as `network.allow[1]`.
    pub(in crate::config) fn path(&self) -> &str {
        &self.path
    }

    /// A problem with this entry. The message is one line and doesn't quote the value.
    pub(in crate::config) fn problem(&self, message: impl Into<String>) -> Problem {
        let key = Some(self.path.clone());
        self.text.problem(self.offset, key, message.into())
    }

    /// The entry's name in a message about another entry, such as `network.allow[0] on line 7`.
    pub(in crate::config) fn place(&self) -> String {
        format!("{} on line {}", self.path, self.line())
    }

    /// The line of the key, or of the value if it is an item of a list, starting at 1.
    pub(in crate::config) fn line(&self) -> usize {
        self.problem("").line
    }

    /// The problem that the value has another type than `expected`, such as `a string`.
    pub(in crate::config) fn mismatch(&self, expected: &str) -> Problem {
        let found = match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.problem(format!("expected {expected}, found {found}"))
    }

    /// The value, if it is a string.
    pub(in crate::config) fn as_str(&self) -> Option<&'d str> {
        self.value.as_str()
    }

    /// Whether the value is a whole number.
    pub(in crate::config) fn is_integer(&self) -> bool {
        self.value.is_integer()
    }

    /// Whether the value is a table.
    pub(in crate::config) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    /// Whether the value is an empty list or an empty table.
    pub(in crate::config) fn is_empty(&self) -> bool {
        match self.value {
            DeValue::Array(items) => items.is_empty(),
            DeValue::Table(fields) => fields.is_empty(),
            _ => false,
        }
    }

    /// The value as a whole number within the range.
    ///
    /// # Errors
    ///
    /// The value is not a whole number, or is out of range.
    pub(in crate::config) fn whole_number<T>(&self, range: &RangeInclusive<T>) -> Result<T, Problem>
    where
        T: TryFrom<u32> + PartialOrd + fmt::Display,
    {
        let expected = || format!("a whole number from {} to {}", range.start(), range.end());
        let integer = self
            .value
            .as_integer()
            .ok_or_else(|| self.mismatch(&expected()))?;
        u32::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.problem(format!("out of range: expected {}", expected())))
    }

    /// The value as a boolean.
    ///
    /// # Errors
    ///
    /// The value is not a boolean.
    pub(in crate::config) fn flag(&self) -> Result<bool, Problem> {
        self.value
            .as_bool()
            .ok_or_else(|| self.mismatch("true or false"))
    }

    /// The items, if the value is a list.
    pub(in crate::config) fn items(&self) -> Option<Vec<TomlEntry<'d>>> {
        let item = |(index, item): (usize, &'d Spanned<DeValue<'d>>)| TomlEntry {
            text: self.text,
            path: format!("{}[{index}]", self.path),
            offset: item.span().start,
            value: item.get_ref(),
        };
        self.value
            .as_array()
            .map(|items| items.iter().enumerate().map(item).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Document;

    fn document(text: &str) -> Document<'_> {
        Document::parse(text).expect(text)
    }

    #[test]
    fn paths_lead_through_tables_and_lists() {
        let document =
            document("[network]\nallow = [\n  'ü', [],\n  1,\n]\n[network.'x y']\nz = 1");
        let mut root = document.root();
        let mut network = root
            .get_table("network")
            .expect("a table")
            .expect("it is there");
        let items = network
            .get("allow")
            .expect("it is there")
            .items()
            .expect("a list");
        let places: Vec<String> = items
            .iter()
            .map(|item| item.mismatch("nothing").to_string())
            .collect();
        assert_eq!(
            places,
            [
                "3: network.allow[0]: expected nothing, found a string",
                "3: network.allow[1]: expected nothing, found a list",
                "4: network.allow[2]: expected nothing, found an integer",
            ]
        );
        assert_eq!(items[1].problem("").column, 8, "columns count characters");
        let inner = network
            .into_entries()
            .pop()
            .expect("the last")
            .1
            .table()
            .expect("a table");
        let paths: Vec<String> = inner
            .into_entries()
            .iter()
            .map(|(_, entry)| entry.path.clone())
            .collect();
        assert_eq!(paths, ["network.\"x y\".z"]);
    }

    #[test]
    fn whole_numbers_fit_their_range() {
        let cases = [
            ("0", Some(0)),
            ("1_000", Some(1000)),
            ("0x10", Some(16)),
            ("4294967295", Some(u32::MAX)),
            ("4294967296", None),
            ("99999999999999999999", None),
            ("-1", None),
            ("1.0", None),
            ("'1'", None),
        ];
        for (number, expected) in cases {
            let text = format!("n = {number}");
            let document = document(&text);
            let entry = document.root().get("n").expect("n");
            assert_eq!(
                entry.whole_number(&(0..=u32::MAX)).ok(),
                expected,
                "{number}"
            );
        }
        for (number, expected) in [("0", None), ("1", Some(1)), ("9", Some(9)), ("10", None)] {
            let text = format!("n = {number}");
            let document = document(&text);
            let entry = document.root().get("n").expect("n");
            assert_eq!(
                entry.whole_number::<usize>(&(1..=9)).ok(),
                expected,
                "{number}"
            );
        }
    }
}
