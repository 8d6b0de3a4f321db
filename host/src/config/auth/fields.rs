//! The keys of one `[auth.NAME]`: which are missing, and which stand where they have no meaning.

use crate::config::document::Entry;
use crate::config::secret::Secret;
use crate::config::settings::Settings;

/// Takes values from a credential's table, and notes what is wrong with them.
pub(super) struct Fields<'r, 't, 'd, 's> {
    entry: &'r Entry<'d>,
    settings: Settings<'t, 'd, 's>,
    secrets: Vec<Secret>,
}

impl<'r, 't, 'd, 's> Fields<'r, 't, 'd, 's> {
    pub(super) fn new(entry: &'r Entry<'d>, settings: Settings<'t, 'd, 's>) -> Self {
        Self {
            entry,
            settings,
            secrets: Vec::new(),
        }
    }

    pub(super) fn settings(&mut self) -> &mut Settings<'t, 'd, 's> {
        &mut self.settings
    }

    /// Notes a value that nobody may see.
    pub(super) fn keep_secret(&mut self, text: &str) {
        self.secrets.push(Secret::new(text));
    }

    /// The values that nobody may see.
    pub(super) fn into_secrets(self) -> Vec<Secret> {
        self.secrets
    }

    /// Whether a key is there, which is known from now on.
    pub(super) fn has(&mut self, key: &'static str) -> bool {
        self.settings.entry(key).is_some()
    }

    /// A value that must be there; none where it isn't or is wrong, which is noted. `expected` says what it is.
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

    /// A value that may be left out; none where it is, or where it is wrong, which is noted.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.settings
            .value(key, None, expected, |text| parse(text).map(Some))
    }

    /// A value that is `true` or `false`, which is the default.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        self.settings.flag(key)
    }

    /// Notes what is wrong with the credential as a whole.
    pub(super) fn note(&mut self, message: impl Into<String>) {
        let problem = self.entry.problem(message);
        self.settings.note(problem);
    }
}
