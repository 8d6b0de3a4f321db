//! Why a configuration cannot be used.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::reading::FileFault;
use super::secret::KeyError;

/// Why a configuration cannot be used. No text of it quotes a configured value, so none can show a
/// secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file is there but cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The configuration file.
        path: PathBuf,
        /// Why.
        #[source]
        source: FileFault,
    },

    /// The file can be read, but what it says is wrong. Prints one line for each problem, as
    /// compilers do: `PATH:LINE: KEY: message`.
    #[error("{}", listing(path, problems))]
    Invalid {
        /// The configuration file.
        path: PathBuf,
        /// All that is wrong with it, in the order of the file; never empty.
        problems: Vec<Problem>,
    },

    /// The server would be open to everybody who can reach it.
    #[error(
        "without a key the server cannot listen on {listen}: set WELD_API_KEY, or listen on 127.0.0.1"
    )]
    NoKey {
        /// The address asked for, which isn't loopback.
        listen: SocketAddr,
    },

    /// A key of the server that no request could carry.
    #[error("the server's key cannot be used")]
    UnusableKey(#[source] KeyError),

    /// A setting of the server with which no call could succeed.
    #[error("--{key} must be at least {least}")]
    TooSmall {
        /// Its key, which is its flag without the dashes.
        key: &'static str,
        /// The smallest value, as it is written.
        least: String,
    },
}

/// One thing that is wrong in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The line, counted from 1.
    pub line: usize,
    /// The character within the line, counted from 1.
    pub column: usize,
    /// The key's path such as `limits.memory` or `network.allow[1]`; none where the TOML itself is
    /// malformed.
    pub key: Option<String>,
    /// What is wrong and how it is written right: one line.
    pub message: String,
}

impl Problem {
    /// A problem at `offset`, in bytes from the beginning of the file's `text`. A `key` has the form of
    /// [`Problem::key`].
    pub(super) fn at(text: &str, offset: usize, key: Option<String>, message: String) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let lines = before.iter().filter(|byte| **byte == b'\n').count();
        // Characters, not bytes: all bytes of UTF-8 but those that continue a character.
        let characters = before
            .iter()
            .rev()
            .take_while(|byte| **byte != b'\n')
            .filter(|byte| **byte & 0xC0 != 0x80);
        Self {
            line: lines + 1,
            column: characters.count() + 1,
            key,
            message,
        }
    }
}

impl fmt::Display for Problem {
    /// `LINE: KEY: message`: what follows the file's path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}: {key}: {}", self.line, self.message),
            None => write!(f, "{}: {}", self.line, self.message),
        }
    }
}

fn listing(path: &Path, problems: &[Problem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}:{problem}", path.display()))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_is_one_line_in_compilers_form() {
        let problem = |line, key: Option<&str>, message: &str| Problem {
            line,
            column: 1,
            key: key.map(Into::into),
            message: message.into(),
        };
        let error = ConfigError::Invalid {
            path: "plugins/beers.toml".into(),
            problems: vec![
                problem(2, None, "key with no value"),
                problem(7, Some("limits.memory"), "too small"),
            ],
        };
        assert_eq!(
            error.to_string(),
            "plugins/beers.toml:2: key with no value\nplugins/beers.toml:7: limits.memory: too small"
        );
    }
}
