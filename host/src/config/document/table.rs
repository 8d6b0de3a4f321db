//! One table of a TOML file.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entry::TomlEntry;
use super::text::TomlText;
use crate::config::error::Problem;
use crate::report;

/// The number of characters of a long key that messages show: enough to find it.
const SHOWN_CHARACTERS: usize = 64;

/// A table, and the keys that the program has asked for: all others are unknown.
pub(in crate::config) struct TomlTable<'d> {
    text: &'d TomlText<'d>,
    /// Empty for the root.
    path: String,
    entries: &'d DeTable<'d>,
    known: Vec<&'static str>,
}

impl<'d> TomlTable<'d> {
    pub(super) fn new(text: &'d TomlText<'d>, path: String, entries: &'d DeTable<'d>) -> Self {
        Self {
            text,
            path,
            entries,
            known: Vec::new(),
        }
    }

    /// The entry of a key. From now on the key counts as known.
    pub(in crate::config) fn get(&mut self, key: &'static str) -> Option<TomlEntry<'d>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries
            .get_key_value(key)
            .map(|(key, value)| self.entry(key, value))
    }

    /// The table of a key. From now on the key counts as known.
    ///
    /// # Errors
    ///
    /// The key's value is not a table.
    pub(in crate::config) fn get_table(
        &mut self,
        key: &'static str,
    ) -> Result<Option<TomlTable<'d>>, Problem> {
        self.get(key).map(|entry| entry.table()).transpose()
    }

    /// All entries with their keys, in the order of the file: for tables whose keys the user chooses.
    pub(in crate::config) fn into_entries(self) -> Vec<(&'d str, TomlEntry<'d>)> {
        let mut entries: Vec<_> = self
            .entries
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), self.entry(key, value)))
            .collect();
        // The parser sorts keys alphabetically.
        entries.sort_by_key(|(_, entry)| entry.offset);
        entries
    }

    /// One problem for each key that the program never asked for, with the most similar known key.
    pub(in crate::config) fn unknown(&self) -> Vec<Problem> {
        self.entries
            .iter()
            .filter(|(key, _)| !self.known.contains(&key.get_ref().as_ref()))
            .map(|(key, value)| {
                let known = self.known.iter().copied();
                self.entry(key, value).unknown(key.get_ref(), known)
            })
            .collect()
    }

    /// Whether a key looks like `known`, but for its spelling.
    pub(in crate::config) fn misspells(&self, known: &str) -> bool {
        self.entries.iter().any(|(key, _)| {
            let key: &str = key.get_ref();
            key != known && report::nearest(key, [known]).is_some()
        })
    }

    fn entry(
        &self,
        key: &Spanned<toml::de::DeString<'_>>,
        value: &'d Spanned<DeValue<'d>>,
    ) -> TomlEntry<'d> {
        let dot = if self.path.is_empty() { "" } else { "." };
        TomlEntry {
            text: self.text,
            path: format!("{}{dot}{}", self.path, key_text(key.get_ref())),
            offset: key.span().start,
            value: value.get_ref(),
        }
    }
}

impl<'d> TomlEntry<'d> {
    /// The value as a table.
    ///
    /// # Errors
    ///
    /// The value is not a table.
    pub(in crate::config) fn table(&self) -> Result<TomlTable<'d>, Problem> {
        let entries = self
            .value
            .as_table()
            .ok_or_else(|| self.mismatch("a table"))?;
        Ok(TomlTable::new(self.text, self.path.clone(), entries))
    }

    /// The problem that this entry's `key` is not one of those that are `known` here, with the most similar one.
    pub(in crate::config) fn unknown<'k>(
        &self,
        key: &str,
        known: impl Iterator<Item = &'k str> + Clone,
    ) -> Problem {
        let advice = match report::nearest(key, known.clone()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("known here: {}", Vec::from_iter(known).join(", ")),
        };
        self.problem(format!("unknown key; {advice}"))
    }
}

/// A key as TOML would write it, so that a line break in it doesn't break the message's line; truncated if it is long.
fn key_text(key: &str) -> String {
    if let Some((end, _)) = key.char_indices().nth(SHOWN_CHARACTERS) {
        return format!("{:?}…", key.get(..end).unwrap_or_default());
    }
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        format!("{key:?}")
    }
}
