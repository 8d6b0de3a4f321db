//! Why a configuration cannot be used.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::reading::FileFault;
use super::secret::KeyError;

/// How many problems of a file are told: more than anybody mends at once, and a file of another kind has thousands.
const MAX_TOLD: usize = 50;

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
    #[error("{}", listing(path, problems, *more))]
    Invalid {
        /// The configuration file.
        path: PathBuf,
        /// What is wrong with it, in the order of the file; never empty.
        problems: Vec<Problem>,
        /// How many more problems there are than are told.
        more: usize,
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

impl ConfigError {
    /// A file with these problems, in its order, of which the first are told.
    pub(super) fn invalid(path: &Path, mut problems: Vec<Problem>) -> Self {
        let more = problems.len().saturating_sub(MAX_TOLD);
        problems.truncate(MAX_TOLD);
        // It stays for as long as the report does.
        problems.shrink_to_fit();
        Self::Invalid {
            path: path.to_owned(),
            problems,
            more,
        }
    }
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

impl fmt::Display for Problem {
    /// `LINE: KEY: message`: what follows the file's path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}: {key}: {}", self.line, self.message),
            None => write!(f, "{}: {}", self.line, self.message),
        }
    }
}

fn listing(path: &Path, problems: &[Problem], more: usize) -> String {
    let path = path.display();
    let lines = problems.iter().map(|problem| format!("{path}:{problem}"));
    let rest = (more > 0).then(|| format!("{path}: {more} more problems"));
    let lines: Vec<String> = lines.chain(rest).collect();
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
        let path = Path::new("plugins/beers.toml");
        let problems = vec![
            problem(2, None, "key with no value"),
            problem(7, Some("limits.memory"), "too small"),
        ];
        let error = ConfigError::invalid(path, problems);
        assert_eq!(
            error.to_string(),
            "plugins/beers.toml:2: key with no value\nplugins/beers.toml:7: limits.memory: too small"
        );
    }

    #[test]
    fn only_so_many_problems_are_told() {
        let problem = |line| Problem {
            line,
            column: 1,
            key: None,
            message: "no TOML".into(),
        };
        let problems = (1..=MAX_TOLD + 3).map(problem).collect();
        let text = ConfigError::invalid(Path::new("beers.toml"), problems).to_string();
        assert_eq!(text.lines().count(), MAX_TOLD + 1);
        assert!(text.ends_with("\nbeers.toml: 3 more problems"), "{text}");
    }
}
