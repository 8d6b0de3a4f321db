//! Why a request has no response.

use std::fmt;
use std::time::Duration;

/// Why a request has no response. With `?` it becomes the [`Error`](crate::Error) that it means for the page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HttpError {
    /// The connector's network policy forbids it; the message says which rule to add where.
    Denied(String),
    /// The request is malformed.
    Invalid(String),
    /// The host could not get the credential that the request needs.
    Credentials(String),
    /// The exchange, or the page itself, ran out of time.
    Timeout,
    /// The response is larger than the connector's limit.
    TooLarge,
    /// The page has used up its calls or bytes, or the host has no memory left for it.
    OverLimit(String),
    /// The API is out of service or its quota is spent, for at least this long where known.
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
            Self::TooLarge => "the API's answer is larger than the limit response-size",
            Self::Unavailable(_) => "the API is out of service or its quota is spent",
        })
    }
}

impl std::error::Error for HttpError {}
