//! Why a sync can't go on.

use weld_protocol::AnswerError;

/// Why a request got no page or schema.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The connector's address is no URL that can be asked.
    #[error("`{0}` is no http or https URL")]
    Url(String),

    /// The key can't stand in a header.
    #[error("the key holds characters that a header can't")]
    Key,

    /// Certificates or ciphers could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// The server could not be reached, or the exchange broke off.
    #[error("the request to {url} failed")]
    Transfer {
        /// What was asked.
        url: String,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The server answered with another status than 200.
    #[error("{url} answered {status}: {message}")]
    Refused {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The error's message, or the beginning of the body where it is not the protocol's.
        message: String,
    },

    /// The answer is no answer of the protocol.
    #[error("{url} answered what is no {expected}")]
    Answer {
        /// What was asked.
        url: String,
        /// "page" or "schema".
        expected: &'static str,
        /// What is wrong with it.
        #[source]
        source: AnswerError,
    },
}
