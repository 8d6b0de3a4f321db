//! The error of a request without a response.

use std::fmt;
use std::time::Duration;

/// The error of a request without a response. The operator `?` converts it to the [`Error`](crate::Error) that it means
/// for the page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HttpError {
    /// The connector's network policy forbids the request; the message says which rule to add and where.
    Denied(String),
    /// The request is malformed.
    Invalid(String),
    /// The host could not obtain the credential that the request needs.
    Credentials(String),
    /// The exchange, or the page itself, ran out of time.
    Timeout,
    /// The response is larger than the connector's limit.
    TooLarge,
    /// The page has used up its calls or bytes, or the host has no memory left for it.
    OverLimit(String),
    /// The API is out of service or its quota is used up, for at least this long if known.
    Unavailable(Option<Duration>),
    /// Name resolution, connection, TLS or transfer failed.
    Failed(String),
}

impl fmt::Display for HttpError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Denied(message)
            | Self::Invalid(message)
            | Self::Credentials(message)
            | Self::OverLimit(message)
            | Self::Failed(message) => message,
            Self::Timeout => "the API did not answer in time",
            Self::TooLarge => "the API's response is too large",
            Self::Unavailable(_) => "the API is out of service or its quota is used up",
        })
    }
}

impl std::error::Error for HttpError {}
