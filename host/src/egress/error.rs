//! Why a request has no response.

/// Every way in which a request to the network can fail. A response of any status is no failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EgressError {
    #[error("no rule allows {origin}; add \"{rule}\" to `allow` under [network] in {file}")]
    Denied {
        origin: String,
        /// The rule that would allow it.
        rule: String,
        /// The connector's configuration file.
        file: String,
    },

    #[error("the request is malformed")]
    InvalidRequest {
        #[source]
        source: RequestFault,
    },

    #[error("the request has {bytes} bytes, {limit_bytes} are allowed by `limits.request-size`")]
    RequestTooLarge { bytes: usize, limit_bytes: u64 },

    #[error("the response has more than the {limit_bytes} bytes of `limits.response-size`")]
    ResponseTooLarge { limit_bytes: u64 },

    #[error("the exchange took longer than it may")]
    Timeout,

    #[error("the request to {origin} failed")]
    Failed {
        origin: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What is wrong with a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestFault {
    #[error("`{url}` is no URL")]
    Url {
        url: String,
        #[source]
        source: url::ParseError,
    },
    #[error("the URL's scheme is `{0}`, only http and https can be called")]
    Scheme(String),
    #[error("the URL holds a user name or password; send an `authorization` header instead")]
    UserInfo,
    #[error("the URL can't be sent")]
    Uri(#[source] http::Error),
    #[error("the URL can be read in more than one way")]
    Ambiguous,
    #[error("`{0}` is no method that can be sent")]
    Method(String),
    #[error("`{0}` is no header name")]
    HeaderName(String),
    #[error("the headers are too many or too long")]
    Headers,
    #[error("the value of the header `{0}` holds characters that a header can't")]
    HeaderValue(String),
    #[error("the header `{0}` is the host's to set")]
    ReservedHeader(String),
}

impl From<RequestFault> for EgressError {
    fn from(source: RequestFault) -> Self {
        Self::InvalidRequest { source }
    }
}
