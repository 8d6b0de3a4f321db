//! The keys that clients of a server must send.

use std::env::VarError;
use std::path::Path;

use super::error::CliError;
use super::tokens::key_file;
use crate::config::Secret;

/// The variable with the key that clients must send.
pub(super) const API_KEY_VARIABLE: &str = "WELD_API_KEY";

/// The key in `WELD_API_KEY`; `None` if it is not set. A key that is not UTF-8 is an error. An empty one is an invalid
/// key rather than none, since a deployment that forgets to set the secret must not open the host.
pub(super) fn environment_key() -> Result<Option<Secret>, CliError> {
    match std::env::var(API_KEY_VARIABLE) {
        Ok(key) => Ok(Some(Secret::new(key))),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(CliError::KeyNotText),
    }
}

/// The keys in a file, one on each line. An empty file has one key, which is invalid.
pub(super) fn keys_in(path: &Path) -> Result<Vec<Secret>, CliError> {
    Ok(keys_of(&key_file(path)?))
}

fn keys_of(text: &str) -> Vec<Secret> {
    let lines = text.trim_end_matches(['\r', '\n']).split('\n');
    lines
        .map(|line| Secret::new(line.trim_end_matches('\r')))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_a_file_is_a_key() {
        for (text, expected) in [
            ("key", &["key"][..]),
            ("key\n", &["key"]),
            ("old\r\nnew\r\n\r\n", &["old", "new"]),
            ("old\nnew", &["old", "new"]),
            ("old\n\nnew", &["old", "", "new"]),
            ("", &[""]),
            ("\n", &[""]),
        ] {
            let keys = keys_of(text);
            let keys: Vec<&str> = keys.iter().map(Secret::expose).collect();
            assert_eq!(keys, expected, "{text:?}");
        }
    }
}
