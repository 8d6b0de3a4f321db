//! The keys of a connector as its file says, even if the file is invalid.

use super::config::ConnectorConfig;
use crate::config::error::Problem;
use crate::config::secret::Secret;

/// What a connector's file says about the keys that open the connector. It may be invalid for other reasons.
#[derive(Clone, Debug)]
pub enum ConfiguredKeys {
    /// It has no `api-key`, so the server's keys count.
    Servers,
    /// `api-key`; never an empty list.
    Own(Vec<Secret>),
    /// Nobody knows: the file can't be read or is not TOML, or `api-key` is misspelled or can't be used.
    Unknown,
}

impl ConfiguredKeys {
    /// The keys of a file that is TOML and has these problems.
    pub(super) fn of(usable: &ConnectorConfig, problems: &[Problem]) -> Self {
        let mut keys = problems.iter().filter_map(|problem| problem.key.as_deref());
        if keys.any(is_api_key) {
            return Self::Unknown;
        }
        match &usable.api_keys {
            Some(keys) => Self::Own(keys.clone()),
            None => Self::Servers,
        }
    }
}

/// Whether this is the path of `api-key`, or of a key that was probably meant to be it, such as `API_KEY`, or
/// `limits.api-key` below the heading of another section.
fn is_api_key(path: &str) -> bool {
    let means_it = |part: &str| {
        let letters = part.chars().filter(char::is_ascii_alphanumeric);
        let letters: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
        letters.starts_with("apikey")
    };
    // The names in these sections are the user's own.
    let is_of_others = ["auth.", "env."]
        .iter()
        .any(|section| path.starts_with(section));
    !is_of_others && path.split('.').any(means_it)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::ceilings::Ceilings;
    use crate::config::policy::OperatorBounds;
    use crate::config::reading::SystemFiles;

    /// The keys in a file with these contents, after a word that says whether the file is valid.
    fn keys(contents: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("beers.toml");
        fs::write(&path, contents).unwrap();
        let bounds = OperatorBounds::without_policy(Ceilings::default());
        let (config, keys) = ConnectorConfig::read_with_keys(&path, &bounds, &SystemFiles);
        let validity = if config.is_ok() { "valid" } else { "invalid" };
        match keys {
            ConfiguredKeys::Servers => format!("{validity}, the server's"),
            ConfiguredKeys::Own(keys) => {
                let keys: Vec<&str> = keys.iter().map(Secret::expose).collect();
                format!("{validity}, {}", keys.join(" "))
            }
            ConfiguredKeys::Unknown => format!("{validity}, unknown"),
        }
    }

    #[test]
    fn keys_of_an_invalid_file_are_known_if_it_has_them() {
        for (contents, expected) in [
            ("", "valid, the server's"),
            ("api-key = 'a'", "valid, a"),
            ("[limits]\nmemroy = 1", "invalid, the server's"),
            ("api-key = 'a'\n[limits]\nmemroy = 1", "invalid, a"),
            ("api-key = ['a', 'b']\nunknown = 1", "invalid, a b"),
            ("api-key = 'a'\n[auth.api-key]\nkind = 'bear'", "invalid, a"),
            ("api-key = ['a', 1]", "invalid, unknown"),
            ("[limits]\napi-key = 'a'", "invalid, unknown"),
            ("[network]\nAPI_KEY = 'a'", "invalid, unknown"),
            (
                "[env]\nAPI_KEY = 1.5\n[limits]\nmemroy = 1",
                "invalid, the server's",
            ),
            ("api-key = []", "invalid, unknown"),
            ("api-key = { env = 'NOBODY_SETS_THIS' }", "invalid, unknown"),
            ("api-key = { flie = 'x' }", "invalid, unknown"),
            ("api_key = 'a'", "invalid, unknown"),
            ("APIKEY = 'a'", "invalid, unknown"),
            ("api-key = 'a'\n[limits", "invalid, unknown"),
        ] {
            assert_eq!(keys(contents.as_bytes()), expected, "{contents}");
        }
        assert_eq!(keys(b"api-key = '\xff'"), "invalid, unknown");
    }

    #[test]
    fn keys_of_a_file_that_cannot_be_read_are_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let bounds = OperatorBounds::without_policy(Ceilings::default());
        let (config, keys) = ConnectorConfig::read_with_keys(folder.path(), &bounds, &SystemFiles);
        assert!(config.is_err() && matches!(keys, ConfiguredKeys::Unknown));
    }
}
