//! Values of a TOML file as JSON, for tables that are sent on as they are.

use serde_json::{Map, Number, Value};
use toml::de::DeValue;

use super::entry::TomlEntry;
use super::sources::ValueSources;
use crate::config::error::Problem;

impl TomlEntry<'_> {
    /// The value as JSON, with variables and files resolved.
    ///
    /// # Errors
    ///
    /// The value is a date, a number that JSON doesn't have, or a string whose variable or file is missing or unusable.
    pub(in crate::config) fn json(&self, sources: &ValueSources<'_>) -> Result<Value, Problem> {
        match self.value {
            DeValue::String(text) => Ok(Value::from(text.as_ref())),
            DeValue::Boolean(value) => Ok(Value::Bool(*value)),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map(Value::from)
                .map_err(|_| {
                    self.problem("the number is out of range: write one that fits into 64 bits")
                }),
            DeValue::Float(float) => float
                .as_str()
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map(Value::Number)
                .ok_or_else(|| self.problem("JSON does not have this number: write a finite one")),
            DeValue::Array(_) => self
                .items()
                .unwrap_or_default()
                .iter()
                .map(|item| item.json(sources))
                .collect(),
            DeValue::Table(table) => {
                let is_source =
                    table.len() == 1 && ["env", "file"].iter().any(|key| table.contains_key(*key));
                if is_source {
                    return sources.text(self, "a string").map(Value::String);
                }
                self.object(sources).map(Value::Object)
            }
            DeValue::Datetime(_) => Err(self.mismatch("a string, number, list or table")),
        }
    }

    /// The table as a JSON object.
    ///
    /// # Errors
    ///
    /// The entry is not a table, or one of its values can't be represented in JSON.
    pub(in crate::config) fn object(
        &self,
        sources: &ValueSources<'_>,
    ) -> Result<Map<String, Value>, Problem> {
        let entries = self.table()?.into_entries();
        entries
            .iter()
            .map(|(key, entry)| Ok(((*key).to_owned(), entry.json(sources)?)))
            .collect()
    }
}
