//! Reads the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::value::{FileValue, FlagCheck, FlagKey, LocatedValue};
use crate::config::api_keys;
use crate::config::document::{Document, TomlEntry, TomlTable, ValueSources, Variable};
use crate::config::error::{ConfigError, Problem};
use crate::config::policy::Policy;
use crate::config::reading::{FileSystem, ReadLimit, TimedFiles};
use crate::config::secret::Secret;

/// The keys of secrets that have no flag, since every user of a machine sees the flags of its programs.
const API_KEY: &str = "api-key";
const TOKEN_KEY: &str = "token-key";

/// The section with the operator's policy.
const POLICY: &str = "policy";

/// The section with the proxies, and its keys: other names of flags.
const PROXY: &str = "proxy";
const PROXY_KEYS: [(&str, &str); 4] = [
    ("https", "https-proxy"),
    ("http", "http-proxy"),
    ("no-proxy", "no-proxy"),
    ("proxy-resolves", "proxy-resolves"),
];

/// Pairs of keys of which only one may be set.
const EITHER: [[&str; 2]; 2] = [[API_KEY, "api-key-file"], [TOKEN_KEY, "token-key-file"]];

/// The contents of `weld-host.toml`.
#[derive(Clone, Debug)]
pub struct HostFile {
    /// The file.
    pub path: PathBuf,
    /// The values of flags, in the order of the file; no flag twice.
    pub values: Vec<FileValue>,
    /// `api-key`: the keys that clients must send; never an empty list.
    pub api_keys: Option<LocatedValue<Vec<Secret>>>,
    /// `token-key`: the key that stored tokens are encrypted with.
    pub token_key: Option<LocatedValue<Secret>>,
    /// Section `[policy]`.
    pub policy: Arc<Policy>,
}

impl HostFile {
    /// The name of the file that `serve` reads from its working folder.
    pub const NAME: &str = "weld-host.toml";

    /// Reads the file. Its keys are those of `flags`, and some of its own. `check` tests the
    /// values.
    ///
    /// # Errors
    ///
    /// - [`ConfigError::Unreadable`]: the file is missing, cannot be read, or is larger than
    ///   [`ReadLimit::CONFIGURATION`].
    /// - [`ConfigError::Invalid`], with all problems of the file.
    pub fn read(
        path: &Path,
        flags: &[FlagKey],
        check: &FlagCheck<'_>,
    ) -> Result<Self, ConfigError> {
        let bytes = TimedFiles
            .read(path, ReadLimit::CONFIGURATION)
            .map_err(|source| ConfigError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
        let text = ConfigError::text_of(path, &bytes)?;
        let variable = |name: &str| std::env::var(name);
        Self::parse(text, path, (flags, check), (&variable, &TimedFiles))
    }

    fn parse(
        text: &str,
        path: &Path,
        (flags, check): (&[FlagKey], &FlagCheck<'_>),
        (variable, files): (&Variable<'_>, &dyn FileSystem),
    ) -> Result<Self, ConfigError> {
        let parsed = Document::parse(text).and_then(|document| {
            let mut reader = HostFileReader {
                sources: ValueSources::new(path, variable, files),
                flags,
                check,
                file: Self {
                    path: path.to_owned(),
                    values: Vec::new(),
                    api_keys: None,
                    token_key: None,
                    policy: Arc::default(),
                },
                problems: Vec::new(),
            };
            reader.read(document.root());
            reader.end()
        });
        parsed.map_err(|problems| ConfigError::invalid(path, problems))
    }

    /// The policy of a file with this text.
    #[cfg(test)]
    pub(crate) fn policy_of(text: &str) -> Arc<Policy> {
        let variable = |name: &str| std::env::var(name);
        let parsed = Self::parse(
            text,
            Path::new("/etc/weld/weld-host.toml"),
            (&[], &|_, _| Ok(())),
            (&variable, &crate::config::reading::SystemFiles),
        );
        parsed.expect("a valid file").policy
    }

    /// The value of a flag.
    #[must_use]
    pub fn value(&self, flag: &str) -> Option<&FileValue> {
        self.values.iter().find(|value| value.key == flag)
    }
}

/// Reads the keys, and collects their problems.
struct HostFileReader<'r> {
    sources: ValueSources<'r>,
    flags: &'r [FlagKey],
    check: &'r FlagCheck<'r>,
    file: HostFile,
    problems: Vec<Problem>,
}

impl HostFileReader<'_> {
    fn read(&mut self, root: TomlTable<'_>) {
        let entries = root.into_entries();
        for (key, entry) in &entries {
            match *key {
                API_KEY => match api_keys::read(entry, &self.sources) {
                    Ok(value) => {
                        let line = entry.line();
                        self.file.api_keys = Some(LocatedValue { value, line });
                    }
                    Err(problems) => self.problems.extend(problems),
                },
                TOKEN_KEY => {
                    let key = self.sources.text(entry, "a string");
                    self.file.token_key = self.keep(key).map(|key| LocatedValue {
                        value: Secret::new(key),
                        line: entry.line(),
                    });
                }
                POLICY => {
                    let table = entry.table();
                    if let Some(table) = self.keep(table) {
                        let (path, problems) = (&self.file.path, &mut self.problems);
                        let policy = Policy::read(table, path, &self.sources, problems);
                        self.file.policy = Arc::new(policy);
                    }
                }
                PROXY => {
                    let table = entry.table();
                    if let Some(table) = self.keep(table) {
                        self.proxy(table);
                    }
                }
                flag => self.flag(flag, entry),
            }
        }
        for [one, other] in EITHER {
            let entry = |name| entries.iter().find(|(key, _)| *key == name);
            if let (Some((_, first)), Some((_, second))) = (entry(one), entry(other)) {
                let message = format!(
                    "`{one}` is also set ({}): remove one of them",
                    first.place()
                );
                self.problems.push(second.problem(message));
            }
        }
    }

    /// The value of a flag.
    fn flag(&mut self, name: &str, entry: &TomlEntry<'_>) {
        let value = match self.flags.iter().find(|known| known.name == name) {
            Some(known) => known.read(entry, &self.sources, self.check),
            None => Err(self.unknown(name, entry)),
        };
        if let Some(value) = self.keep(value) {
            match self.file.value(name) {
                Some(first) => {
                    let line = first.line;
                    let message =
                        format!("`{name}` is also set on line {line}: remove one of them");
                    self.problems.push(entry.problem(message));
                }
                None => self.file.values.push(value),
            }
        }
    }

    /// Section `[proxy]`.
    fn proxy(&mut self, table: TomlTable<'_>) {
        for (key, entry) in table.into_entries() {
            match PROXY_KEYS.iter().find(|(known, _)| *known == key) {
                Some((_, flag)) => self.flag(flag, &entry),
                None => {
                    let known = PROXY_KEYS.iter().map(|(known, _)| *known);
                    self.problems.push(entry.unknown(key, known));
                }
            }
        }
    }

    fn end(mut self) -> Result<HostFile, Vec<Problem>> {
        if self.problems.is_empty() {
            return Ok(self.file);
        }
        self.problems
            .sort_by_key(|problem| (problem.line, problem.column));
        Err(self.problems)
    }

    fn unknown(&self, key: &str, entry: &TomlEntry<'_>) -> Problem {
        let own = [API_KEY, TOKEN_KEY, POLICY, PROXY];
        let flags = self.flags.iter().map(|flag| flag.name.as_str());
        entry.unknown(key, own.into_iter().chain(flags))
    }

    fn keep<T>(&mut self, value: Result<T, Problem>) -> Option<T> {
        value.map_err(|problem| self.problems.push(problem)).ok()
    }
}

#[cfg(test)]
mod tests;
