//! `api-key` of `weld-host.toml` and of `NAME.toml`: one key, or a list of them.

use super::document::{TomlEntry, ValueSources};
use super::error::Problem;
use super::secret::Secret;

/// The keys of an entry.
///
/// # Errors
///
/// Each key that can't be used: it is not a string or a source, its variable or file is missing or unusable, or no client
/// can send it. The list is empty.
pub(super) fn read(
    entry: &TomlEntry<'_>,
    sources: &ValueSources<'_>,
) -> Result<Vec<Secret>, Vec<Problem>> {
    let items = entry.items();
    let (items, expected) = match &items {
        Some(items) if items.is_empty() => {
            let message = "the list is empty: write a key, or remove the line";
            return Err(vec![entry.problem(message)]);
        }
        Some(items) => (items.as_slice(), "a string"),
        None => (std::slice::from_ref(entry), "a string or a list of strings"),
    };
    let mut keys = Vec::with_capacity(items.len());
    let mut problems = Vec::new();
    for item in items {
        let key = sources.text(item, expected).and_then(|text| {
            let key = Secret::new(text);
            match key.check_as_key() {
                Ok(()) => Ok(key),
                Err(error) => Err(item.problem(error.to_string())),
            }
        });
        match key {
            Ok(key) => keys.push(key),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(keys)
    } else {
        Err(problems)
    }
}
