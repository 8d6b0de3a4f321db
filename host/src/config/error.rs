//! Why a configuration cannot be used.

#[cfg(test)]
mod texts;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::policy::PolicyPlace;
use super::reading::FileFault;
use super::secret::KeyError;

/// The most problems reported for one file: a file in another format can have thousands.
const MAX_REPORTED: usize = 50;

/// Why a configuration cannot be used. Messages never quote a configured value, so they can't reveal a secret; only a
/// short word is quoted where a name was expected, such as a kind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file exists but cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The configuration file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: FileFault,
    },

    /// The file's content is invalid. Displays one line per problem, like a compiler: `PATH:LINE: KEY: message`.
    #[error("{}", listing(path, problems, *more))]
    Invalid {
        /// The configuration file.
        path: PathBuf,
        /// The reported problems, in the order of the file; never empty.
        problems: Vec<Problem>,
        /// The number of further problems, which are not reported.
        more: usize,
    },

    /// The server would be open to everyone who can reach it.
    #[error(
        "the server cannot listen on {listen} without a key: set WELD_API_KEY, or listen on 127.0.0.1"
    )]
    NoKey {
        /// The configured address, which isn't loopback.
        listen: SocketAddr,
    },

    /// The operator's policy requires a key, and there is none.
    #[error(
        "the operator's policy, {place}, requires a key: set WELD_API_KEY, or `api-key` or `api-key-file` in that file"
    )]
    KeyRequired {
        /// The policy's line.
        place: PolicyPlace,
    },

    /// A key of the server that no request could contain.
    #[error("the server's key (WELD_API_KEY or --api-key-file) is invalid")]
    UnusableKey(#[source] KeyError),

    /// The admin listener would be open to everyone who can reach it.
    #[error(
        "the admin listener cannot listen on {admin} without a key of its own: set WELD_ADMIN_KEY or --admin-key-file, \
         or let --admin name an address of 127.0.0.1 or unix:PATH"
    )]
    NoAdminKey {
        /// The configured address, which isn't loopback.
        admin: String,
    },

    /// A key of the admin listener that no request could contain.
    #[error("the key of the admin listener (WELD_ADMIN_KEY or --admin-key-file) is invalid")]
    UnusableAdminKey(#[source] KeyError),

    /// Only one of the two files of a certificate is set.
    #[error(
        "--{given} is set, but --{missing} is missing: name both files, the certificate's and its key's"
    )]
    HalfOfTls {
        /// The key of the setting that is set: its flag without the dashes.
        given: &'static str,
        /// The key of the missing one.
        missing: &'static str,
    },

    /// A server setting that is so small that no call could succeed.
    #[error("--{key} must be at least {least}")]
    TooSmall {
        /// The setting's key: its flag without the dashes.
        key: &'static str,
        /// The smallest allowed value, as text.
        least: String,
    },
}

impl ConfigError {
    /// The error for a file with these problems, in its order; only the first [`MAX_REPORTED`] are kept.
    pub(super) fn invalid(path: &Path, mut problems: Vec<Problem>) -> Self {
        let more = problems.len().saturating_sub(MAX_REPORTED);
        // One that is beyond the policy is among those that are kept, since the connector must then not keep serving.
        let beyond = problems.iter().position(|problem| problem.is_beyond_policy);
        if let Some(last) = MAX_REPORTED.checked_sub(1)
            && let Some(position) = beyond.filter(|position| *position > last)
        {
            problems.swap(last, position);
        }
        problems.truncate(MAX_REPORTED);
        // The error lives as long as the report that shows it.
        problems.shrink_to_fit();
        Self::Invalid {
            path: path.to_owned(),
            problems,
            more,
        }
    }

    /// What is wrong with the file alone, regardless of the machine's variables and of other files; `None` if nothing is.
    #[must_use]
    pub fn of_file_alone(self) -> Option<Self> {
        match self {
            Self::Invalid {
                path,
                mut problems,
                more,
            } => {
                problems.retain(|problem| !problem.concerns_machine);
                let is_valid = problems.is_empty() && more == 0;
                (!is_valid).then_some(Self::Invalid {
                    path,
                    problems,
                    more,
                })
            }
            other => Some(other),
        }
    }

    /// The problems that are beyond the operator's policy, as `PATH:LINE: KEY: message`.
    pub(crate) fn beyond_policy(&self) -> Vec<String> {
        match self {
            Self::Invalid { path, problems, .. } => {
                let beyond = problems.iter().filter(|problem| problem.is_beyond_policy);
                let lines = beyond.map(|problem| format!("{}:{problem}", path.display()));
                lines.collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a value goes beyond the operator's policy.
    pub(crate) fn is_beyond_policy(&self) -> bool {
        match self {
            Self::Invalid { problems, .. } => {
                problems.iter().any(|problem| problem.is_beyond_policy)
            }
            _ => false,
        }
    }

    /// The text of a file with these bytes.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`]: the file is not valid UTF-8.
    pub(super) fn text_of<'b>(path: &Path, bytes: &'b [u8]) -> Result<&'b str, Self> {
        str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line_begin = before.iter().rposition(|byte| *byte == b'\n');
            let problem = Problem {
                line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
                column: before.len() - line_begin.map_or(0, |end| end + 1) + 1,
                key: None,
                message: "the file is not valid UTF-8".into(),
                concerns_machine: false,
                is_beyond_policy: false,
            };
            Self::invalid(path, vec![problem])
        })
    }
}

/// One problem in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The line, starting at 1.
    pub line: usize,
    /// The character within the line, starting at 1.
    pub column: usize,
    /// The key's path, such as `limits.memory` or `network.allow[1]`; `None` if the TOML itself is malformed.
    pub key: Option<String>,
    /// What is wrong and what to write instead, in one line.
    pub message: String,
    /// Whether the file itself is fine, but refers to a variable or a file that is missing or unusable here.
    pub concerns_machine: bool,
    /// Whether the value goes beyond the operator's policy, and would otherwise be valid.
    pub is_beyond_policy: bool,
}

impl fmt::Display for Problem {
    /// Writes `LINE: KEY: message`, which follows the file's path.
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
    fn each_problem_is_one_line_like_a_compilers() {
        let problem = |line, key: Option<&str>, message: &str| Problem {
            line,
            column: 1,
            key: key.map(Into::into),
            message: message.into(),
            concerns_machine: false,
            is_beyond_policy: false,
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
    fn only_the_first_problems_are_reported() {
        let problem = |line| Problem {
            line,
            column: 1,
            key: None,
            message: "not TOML".into(),
            concerns_machine: false,
            is_beyond_policy: false,
        };
        let problems = (1..=MAX_REPORTED + 3).map(problem).collect();
        let text = ConfigError::invalid(Path::new("beers.toml"), problems).to_string();
        assert_eq!(text.lines().count(), MAX_REPORTED + 1);
        assert!(text.ends_with("\nbeers.toml: 3 more problems"), "{text}");
    }
}
