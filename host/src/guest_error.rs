//! The errors that a connector returns, whether it runs in a sandbox or natively.

use std::time::Duration;

use weld_protocol::ErrorKind;

use crate::report;
#[cfg(test)]
use crate::samples::samples;

/// What to do about an attempt to open a file.
pub(crate) const NO_FILES: &str = "a component has no files when it runs: write the data into the source, and keep values for the \
                                   next page in the state";

/// How Rust shows the error of WASI for a file that doesn't exist, which is every file.
const NO_FILE: &str = "(os error 44)";

/// The message of a component, with what to do if it could not open a file and doesn't say so itself.
pub(crate) fn with_advice(message: String) -> String {
    if message.contains(NO_FILE) && !message.contains("a component has no files") {
        return format!("{message}; {NO_FILES}");
    }
    message
}

/// The typed error that a guest returned: `error` of `wit/connector.wit`. A component and a native connector return the same.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuestError {
    /// `table` is `None` if the schema was requested.
    #[error("the connector has no such table{}", table.as_ref().map(|table| format!(": `{table}`")).unwrap_or_default())]
    UnknownTable { table: Option<String> },
    /// `file` is the configuration file to fix.
    #[error(
        "the connector is misconfigured{}: {message}",
        report::settings_file(file, message)
    )]
    Misconfigured { file: String, message: String },
    #[error(
        "the connector can't continue from this state: {0}; sync the table again from the start, without a state"
    )]
    InvalidState(String),
    #[error("the API refused the connector's credentials: {0}")]
    Unauthorized(String),
    /// `None` if the API didn't state how long to wait.
    #[error("the API asks to wait")]
    RateLimited(Option<Duration>),
    /// `is_temporary` says whether the same call may succeed later; `None` if the call made no request, so that the host
    /// doesn't know what failed.
    #[error("the API failed: {message}")]
    Upstream {
        message: String,
        is_temporary: Option<bool>,
    },
    #[error("{0}")]
    Failed(String),
}

/// How kits name the configuration file, which they don't know.
const ITS_FILE: [&str; 2] = [
    "the connector's .toml file",
    "the connector's configuration",
];

/// What kits say of a variable after its name.
const LACKS: [&str; 3] = [" is missing", " is not set", " is empty"];

/// The variable that was probably meant by the one that a message says is missing: a similar name, or one whose words
/// include all of the other's, as `API_BASE_URL` and `API_URL`.
fn meant_variable<'k>(
    message: &str,
    variables: impl Iterator<Item = &'k str> + Clone,
) -> Option<&'k str> {
    let name = message.split(' ').next()?;
    let rest = message.strip_prefix(name)?;
    if name.is_empty()
        || !LACKS.iter().any(|lack| rest.starts_with(lack))
        || variables.clone().any(|known| known == name)
    {
        return None;
    }
    let has_all = |words: &str, of: &str| {
        words
            .split('_')
            .all(|word| of.split('_').any(|other| other == word))
    };
    let mut related = variables
        .clone()
        .filter(|known| has_all(name, known) || has_all(known, name));
    report::nearest(name, variables).or_else(|| related.next())
}

impl GuestError {
    /// A message about the configuration in `file`, of a connector that has these `variables`.
    pub(crate) fn misconfigured<'k>(
        file: &str,
        mut message: String,
        variables: impl Iterator<Item = &'k str> + Clone,
    ) -> Self {
        if let Some(meant) = meant_variable(&message, variables) {
            message = format!("{message}; did you mean {meant}, which is set?");
        }
        for words in ITS_FILE {
            message = message.replace(words, file);
        }
        Self::Misconfigured {
            file: file.to_owned(),
            message,
        }
    }

    /// How much of a guest's error message is kept, in bytes. It appears in an answer and in the log, for people to
    /// read.
    pub(crate) const MAX_MESSAGE_BYTES: usize = 4 << 10;

    /// There is no `table`, or no schema if it is `None`.
    pub(crate) fn unknown_table(table: Option<&str>) -> Self {
        Self::UnknownTable {
            table: table.map(|table| report::shortened(table, Self::MAX_MESSAGE_BYTES)),
        }
    }

    /// A wait of zero has no meaning: JavaScript's NaN also arrives as 0.
    pub(crate) fn rate_limited(milliseconds: Option<u32>) -> Self {
        let wait = milliseconds.filter(|wait| *wait > 0);
        Self::RateLimited(wait.map(|wait| Duration::from_millis(wait.into())))
    }

    /// Whether the same call may succeed later although nobody has changed anything.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Upstream {
                is_temporary: Some(is_temporary),
                ..
            } => *is_temporary,
            Self::Upstream {
                is_temporary: None, ..
            }
            | Self::UnknownTable { .. }
            | Self::Misconfigured { .. }
            | Self::InvalidState(_)
            | Self::Unauthorized(_)
            | Self::RateLimited(_)
            | Self::Failed(_) => self.kind().is_temporary(),
        }
    }

    /// The kind in the answer.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownTable { .. } => ErrorKind::UnknownTable,
            Self::Misconfigured { .. } => ErrorKind::Misconfigured,
            Self::InvalidState(_) => ErrorKind::InvalidState,
            Self::Unauthorized(_) => ErrorKind::UpstreamUnauthorized,
            Self::RateLimited(_) => ErrorKind::RateLimited,
            Self::Upstream { .. } => ErrorKind::UpstreamFailed,
            Self::Failed(_) => ErrorKind::ConnectorFailed,
        }
    }
}

#[cfg(test)]
impl GuestError {
    pub(crate) fn samples() -> Vec<Self> {
        let message = || "the message of the connector".to_owned();
        samples!(GuestError:
            GuestError::UnknownTable { .. } => GuestError::UnknownTable { table: Some("beers".to_owned()) },
            GuestError::Misconfigured { .. } => GuestError::Misconfigured {
                file: "plugins/beers.toml".to_owned(),
                message: message(),
            },
            GuestError::InvalidState(_) => GuestError::InvalidState(message()),
            GuestError::Unauthorized(_) => GuestError::Unauthorized(message()),
            GuestError::RateLimited(_) => GuestError::RateLimited(None),
            GuestError::Upstream { .. } => GuestError::Upstream { message: message(), is_temporary: Some(true) },
            GuestError::Failed(_) => GuestError::Failed(message()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_compared_with_those_that_are_set() {
        let known = ["API_BASE_URL", "REGION", "TOKEN"];
        for (message, expected) in [
            (
                "API_URL is missing: set it in the section [env] of the connector's .toml file",
                "API_URL is missing: set it in the section [env] of shop.toml; did you mean API_BASE_URL, which is set?",
            ),
            (
                "API_BASE_ULR is not set",
                "API_BASE_ULR is not set; did you mean API_BASE_URL, which is set?",
            ),
            (
                "MY_API_BASE_URL is empty: see the connector's configuration",
                "MY_API_BASE_URL is empty: see shop.toml; did you mean API_BASE_URL, which is set?",
            ),
            ("TOKEN is missing", "TOKEN is missing"),
            ("PASSWORD is missing", "PASSWORD is missing"),
            ("no rule allows it", "no rule allows it"),
            ("", ""),
        ] {
            let error =
                GuestError::misconfigured("shop.toml", message.to_owned(), known.into_iter());
            let file = if expected.contains("shop.toml") {
                ""
            } else {
                " (its settings are in shop.toml)"
            };
            assert_eq!(
                error.to_string(),
                format!("the connector is misconfigured{file}: {expected}")
            );
        }
    }

    #[test]
    fn attempt_to_open_a_file_is_explained_once() {
        let rust = "rates.csv: No such file or directory (os error 44)";
        let explained = format!("{rust}; {NO_FILES}");
        for (message, expected) in [
            (rust, explained.as_str()),
            (&explained, &explained),
            ("no order 44", "no order 44"),
        ] {
            assert_eq!(with_advice(message.to_owned()), expected);
        }
    }
}
