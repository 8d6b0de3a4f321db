//! The keys of one `[auth.NAME]`: which are missing, and which have no meaning there.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::texts::is_secret_name;
use crate::config::document::{TomlEntry, TomlTable};
use crate::config::secret::Secret;
use crate::config::settings::Settings;

/// Takes values from a credential's table, and records problems.
pub(super) struct Fields<'r, 't, 'd, 's> {
    entry: &'r TomlEntry<'d>,
    settings: Settings<'t, 'd, 's>,
    secrets: Vec<Secret>,
    /// Digest of all values so far, in the order in which they were read.
    digest: Sha256,
}

impl<'r, 't, 'd, 's> Fields<'r, 't, 'd, 's> {
    pub(super) fn new(entry: &'r TomlEntry<'d>, settings: Settings<'t, 'd, 's>) -> Self {
        Self {
            entry,
            settings,
            secrets: Vec::new(),
            digest: Sha256::new(),
        }
    }

    pub(super) fn settings(&mut self) -> &mut Settings<'t, 'd, 's> {
        &mut self.settings
    }

    /// Records a value that must never be shown.
    pub(super) fn keep_secret(&mut self, text: &str) {
        self.secrets.push(Secret::new(text));
    }

    /// The values that must never be shown.
    pub(super) fn into_secrets(self) -> Vec<Secret> {
        self.secrets
    }

    /// Whether a key is present. From now on it counts as known.
    pub(super) fn has(&mut self, key: &'static str) -> bool {
        self.settings.entry(key).is_some()
    }

    /// A required value; `None` if it is missing or invalid (which is recorded). `expected` describes it.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if !self.has(key) {
            self.note(format!("`{key}` is missing: {expected}"));
            return None;
        }
        self.optional(key, expected, parse)
    }

    /// An optional value; `None` if it is missing, or invalid (which is recorded).
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let digest = &mut self.digest;
        self.settings.value(key, None, expected, |text| {
            note_value(digest, key, text);
            parse(text).map(Some)
        })
    }

    /// A table as JSON, empty if it is missing; `None` if it is invalid (which is recorded).
    pub(super) fn object(&mut self, key: &'static str) -> Option<Map<String, Value>> {
        let object = self.settings.object(key)?;
        let text = Value::Object(object.clone()).to_string();
        note_value(&mut self.digest, key, &text);
        Some(object)
    }

    /// The valid items of a list; empty if it is missing. `expected` describes an item and gives an example.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        expected: (&str, &str),
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let both = |text: &str| parse(text).map(|item| (text.to_owned(), item));
        let items = self.settings.list(key, expected, both);
        let mut parsed = Vec::with_capacity(items.len());
        for (_, (text, item)) in items {
            note_value(&mut self.digest, key, &text);
            parsed.push(item);
        }
        parsed
    }

    /// The strings of a table with their names, in the order of the file; a list of strings repeats its name. Strings
    /// that come from a variable or file are secrets.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (entry, name, text) in self.settings.texts(key) {
            note_value(&mut self.digest, name, &text);
            if entry.is_table() {
                self.keep_secret(&text);
            }
            texts.push((name.to_owned(), text));
        }
        texts
    }

    /// Like [`texts`](Self::texts), for values that are sent in a token request: a value whose name suggests a secret
    /// is one, too.
    pub(super) fn sent_texts(&mut self, key: &'static str) -> Vec<(String, String)> {
        let texts = self.texts(key);
        for (name, text) in &texts {
            if !is_secret_name(name) {
                continue;
            }
            self.keep_secret(text);
            // An API may echo only the part after the scheme `Basic`.
            if let Some((_, rest)) = text.split_once(' ') {
                self.keep_secret(rest.trim());
            }
        }
        texts
    }

    /// A digest of all values that were read: a change of any value changes it.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }

    /// A boolean that defaults to `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        self.settings.flag(key)
    }

    /// A boolean; `None` if it is missing, or invalid (which is recorded).
    pub(super) fn flag_if_set(&mut self, key: &'static str) -> Option<bool> {
        if !self.has(key) {
            return None;
        }
        let flag = self.settings.flag_if_valid(key)?;
        note_value(&mut self.digest, key, if flag { "true" } else { "false" });
        Some(flag)
    }

    /// Records a problem about one entry of a table.
    pub(super) fn note_of(&mut self, key: &'static str, name: &str, message: &str) {
        let table = self
            .settings
            .entry(key)
            .and_then(|entry| entry.table().ok());
        let entries = table.map(TomlTable::into_entries).unwrap_or_default();
        let found = entries.iter().find(|(own, _)| *own == name);
        let problem = match found {
            Some((_, entry)) => entry.problem(message),
            None => self
                .entry
                .problem(format!("`{name}` of `{key}`: {message}")),
        };
        self.settings.note(problem);
    }

    /// Records a problem about the credential as a whole.
    pub(super) fn note(&mut self, message: impl Into<String>) {
        let problem = self.entry.problem(message);
        self.settings.note(problem);
    }
}

/// Includes the lengths, so that no two series of values are the same bytes.
fn note_value(digest: &mut Sha256, key: &str, text: &str) {
    for part in [key, text] {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
}
