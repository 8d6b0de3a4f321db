//! Errors of a connector. The variant decides what the host does next, and who should read the message.

use std::fmt;
use std::time::Duration;

use crate::{HttpError, OutOfTime};

/// An error of the contract: why a connector returns no schema or page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// The schema has no table of this name.
    UnknownTable,
    /// A variable is missing or invalid. The message is for the operator, who must fix the configuration.
    Misconfigured(String),
    /// This connector did not write the state, or the API no longer accepts a cursor in it. The sync must start from
    /// the beginning.
    InvalidState(String),
    /// The API refused the connector's credentials.
    Unauthorized(String),
    /// The API refused for now, with the wait that it asked for, if any. The host waits and requests the page again.
    RateLimited(Option<Duration>),
    /// The API failed, or its response was invalid.
    Upstream(String),
    /// Any other error.
    Other(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, message) = match self {
            Self::UnknownTable => return formatter.write_str("the connector has no such table"),
            Self::RateLimited(None) => {
                return formatter.write_str("the API asks the connector to wait");
            }
            Self::RateLimited(Some(wait)) => {
                return write!(
                    formatter,
                    "the API asks the connector to wait {} s",
                    wait.as_secs()
                );
            }
            Self::Misconfigured(message) => ("misconfigured", message),
            Self::InvalidState(message) => ("invalid state", message),
            Self::Unauthorized(message) => ("unauthorized", message),
            Self::Upstream(message) => ("the API failed", message),
            Self::Other(message) => return formatter.write_str(message),
        };
        write!(formatter, "{kind}: {message}")
    }
}

impl std::error::Error for Error {}

impl Error {
    /// The error that a failed request means for the page; its message begins with `request`, its method and URL.
    pub(crate) fn of_request(error: HttpError, request: &str) -> Self {
        let named = |message| format!("{request}: {message}");
        match error.into() {
            Self::Misconfigured(message) => Self::Misconfigured(named(message)),
            Self::InvalidState(message) => Self::InvalidState(named(message)),
            Self::Unauthorized(message) => Self::Unauthorized(named(message)),
            Self::Upstream(message) => Self::Upstream(named(message)),
            Self::Other(message) => Self::Other(named(message)),
            other @ (Self::UnknownTable | Self::RateLimited(_)) => other,
        }
    }
}

/// Converts a failed request to the error that it means for the page.
impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Denied(message) | HttpError::Invalid(message) => {
                Self::Misconfigured(message)
            }
            HttpError::Credentials(message) => Self::Unauthorized(message),
            HttpError::OverLimit(message) => Self::Other(message),
            HttpError::Unavailable(wait) => Self::RateLimited(wait),
            HttpError::Timeout | HttpError::TooLarge | HttpError::Failed(_) => {
                Self::Upstream(error.to_string())
            }
        }
    }
}

impl From<OutOfTime> for Error {
    fn from(error: OutOfTime) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::Other(message)
    }
}

impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::Other(message.to_owned())
    }
}

macro_rules! other {
    ($($cause:ty),+ $(,)?) => {$(
        impl From<$cause> for Error {
            fn from(cause: $cause) -> Self {
                Self::Other(cause.to_string())
            }
        }
    )+};
}

other!(
    serde_json::Error,
    crate::TimeError,
    fmt::Error,
    std::num::ParseIntError,
    std::num::ParseFloatError,
    std::num::TryFromIntError,
    std::str::Utf8Error,
    std::string::FromUtf8Error,
    std::io::Error,
    Box<dyn std::error::Error>,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failed_request_has_its_error() {
        let text = || String::from("add a line to shop.toml");
        for (failure, expected) in [
            (HttpError::Denied(text()), Error::Misconfigured(text())),
            (HttpError::Invalid(text()), Error::Misconfigured(text())),
            (HttpError::Credentials(text()), Error::Unauthorized(text())),
            (HttpError::Failed(text()), Error::Upstream(text())),
            (HttpError::OverLimit(text()), Error::Other(text())),
            (
                HttpError::Unavailable(Some(Duration::from_millis(7))),
                Error::RateLimited(Some(Duration::from_millis(7))),
            ),
            (
                HttpError::Timeout,
                Error::Upstream("the API did not answer in time".into()),
            ),
            (
                HttpError::TooLarge,
                Error::Upstream("the API's response is too large".into()),
            ),
        ] {
            assert_eq!(Error::from(failure.clone()), expected, "{failure:?}");
        }
    }

    #[test]
    fn the_question_mark_operator_converts_common_errors() {
        fn number(text: &str) -> Result<i64, Error> {
            Ok(text.parse()?)
        }
        fn json(text: &str) -> Result<bool, Error> {
            Ok(serde_json::from_str(text)?)
        }
        fn any(text: &str) -> Result<(), Error> {
            Err(Box::<dyn std::error::Error>::from(text))?
        }
        assert!(matches!(number("x"), Err(Error::Other(_))));
        assert!(matches!(json("x"), Err(Error::Other(_))));
        assert_eq!(any("broken"), Err(Error::Other("broken".into())));
        assert_eq!(Error::from("broken"), Error::Other("broken".into()));
    }
}
