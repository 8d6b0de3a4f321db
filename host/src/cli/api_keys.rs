//! The keys that clients of a server must send.

use std::env::VarError;
use std::path::Path;

use super::error::CliError;
use crate::config::{KeyFileError, KeyLine, Secret};

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

/// The keys in a file, one on each line.
pub(super) fn keys_in(path: &Path) -> Result<Vec<Secret>, CliError> {
    Ok(keys_of(path, KeyLine::read_in_time(path))?)
}

/// The keys in these lines of a file, if clients can send each of them.
pub(super) fn keys_of(
    path: &Path,
    lines: Result<Vec<KeyLine>, KeyFileError>,
) -> Result<Vec<Secret>, KeyFileError> {
    KeyLine::as_client_keys(&lines?, path)
}
