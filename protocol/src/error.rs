//! The answer to a failed call: a kind for programs and a message for people.

use std::fmt::{self, Display, Formatter};

use crate::json;

/// What went wrong. Its text is the `kind` of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The key is missing or wrong, whether or not the connector exists.
    Unauthorized,
    /// The request comes from a web page of another host, and the server is configured without keys.
    ForeignOrigin,
    /// Too many wrong keys from one client.
    TooManyAttempts,
    /// The body is not a valid request, or could not be decompressed.
    BadRequest,
    /// The body is larger than the server allows, as sent or after decompression.
    BodyTooLarge,
    /// The request took too long to arrive.
    Timeout,
    /// The request's headers are larger than the server allows.
    HeadersTooLarge,
    /// The body's content encoding is not supported.
    UnsupportedEncoding,
    /// The method is neither GET nor POST.
    MethodNotAllowed,
    /// There is no such path.
    NotFound,
    /// There is no connector with this name.
    UnknownConnector,
    /// The connector has no table with this name.
    UnknownTable,
    /// The connector exists but could not be loaded.
    ConnectorUnavailable,
    /// No sandbox became free in time.
    Busy,
    /// The server is shutting down.
    ShuttingDown,
    /// The upstream API asks for a wait longer than the server holds a page.
    RateLimited,
    /// The connector's configuration is incomplete or wrong.
    Misconfigured,
    /// The connector cannot continue from the given state.
    InvalidState,
    /// The upstream API refused the connector's credentials.
    UpstreamUnauthorized,
    /// The host could not obtain the credential that a call needed.
    CredentialsFailed,
    /// The upstream API failed or sent an invalid response.
    UpstreamFailed,
    /// The connector failed for another reason, which its message gives.
    ConnectorFailed,
    /// The connector trapped or exited.
    ConnectorCrashed,
    /// The connector needed more memory than its limit.
    OutOfMemory,
    /// The page took longer than its time limit.
    DeadlineExceeded,
    /// The page used more processor time than its limit.
    CpuExceeded,
    /// The connector returned a malformed page.
    InvalidPage,
    /// The connector returned a page larger than its limit.
    PageTooLarge,
    /// The connector returned a state larger than its limit.
    StateTooLarge,
    /// The connector returned a schema larger than its limit.
    SchemaTooLarge,
    /// The connector returned a malformed schema.
    InvalidSchema,
    /// The connector put a secret into its state.
    SecretInPage,
    /// The pages never end or make no progress.
    StuckSync,
    /// A fault in the host.
    Internal,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 34] = [
        Self::Unauthorized,
        Self::ForeignOrigin,
        Self::TooManyAttempts,
        Self::BadRequest,
        Self::BodyTooLarge,
        Self::Timeout,
        Self::HeadersTooLarge,
        Self::UnsupportedEncoding,
        Self::MethodNotAllowed,
        Self::NotFound,
        Self::UnknownConnector,
        Self::UnknownTable,
        Self::ConnectorUnavailable,
        Self::Busy,
        Self::ShuttingDown,
        Self::RateLimited,
        Self::Misconfigured,
        Self::InvalidState,
        Self::UpstreamUnauthorized,
        Self::CredentialsFailed,
        Self::UpstreamFailed,
        Self::ConnectorFailed,
        Self::ConnectorCrashed,
        Self::OutOfMemory,
        Self::DeadlineExceeded,
        Self::CpuExceeded,
        Self::InvalidPage,
        Self::PageTooLarge,
        Self::StateTooLarge,
        Self::SchemaTooLarge,
        Self::InvalidSchema,
        Self::SecretInPage,
        Self::StuckSync,
        Self::Internal,
    ];

    /// The kind's text and HTTP status (RFC 9110, RFC 6585).
    const fn text_and_status(self) -> (&'static str, u16) {
        match self {
            Self::Unauthorized => ("unauthorized", 401),
            Self::ForeignOrigin => ("foreign_origin", 403),
            Self::TooManyAttempts => ("too_many_attempts", 429),
            Self::BadRequest => ("bad_request", 400),
            Self::BodyTooLarge => ("body_too_large", 413),
            Self::Timeout => ("timeout", 408),
            Self::HeadersTooLarge => ("headers_too_large", 431),
            Self::UnsupportedEncoding => ("unsupported_encoding", 415),
            Self::MethodNotAllowed => ("method_not_allowed", 405),
            Self::NotFound => ("not_found", 404),
            Self::UnknownConnector => ("unknown_connector", 404),
            Self::UnknownTable => ("unknown_table", 404),
            Self::ConnectorUnavailable => ("connector_unavailable", 503),
            Self::Busy => ("busy", 503),
            Self::ShuttingDown => ("shutting_down", 503),
            Self::RateLimited => ("rate_limited", 429),
            Self::Misconfigured => ("misconfigured", 500),
            Self::InvalidState => ("invalid_state", 500),
            Self::UpstreamUnauthorized => ("upstream_unauthorized", 502),
            Self::CredentialsFailed => ("credentials_failed", 502),
            Self::UpstreamFailed => ("upstream_failed", 502),
            Self::ConnectorFailed => ("connector_failed", 500),
            Self::ConnectorCrashed => ("connector_crashed", 500),
            Self::OutOfMemory => ("out_of_memory", 500),
            Self::DeadlineExceeded => ("deadline_exceeded", 504),
            Self::CpuExceeded => ("cpu_exceeded", 500),
            Self::InvalidPage => ("invalid_page", 500),
            Self::PageTooLarge => ("page_too_large", 500),
            Self::StateTooLarge => ("state_too_large", 500),
            Self::SchemaTooLarge => ("schema_too_large", 500),
            Self::InvalidSchema => ("invalid_schema", 500),
            Self::SecretInPage => ("secret_in_page", 500),
            Self::StuckSync => ("stuck_sync", 500),
            Self::Internal => ("internal", 500),
        }
    }

    /// The kind as written in an answer, such as `bad_request`.
    pub const fn as_str(self) -> &'static str {
        self.text_and_status().0
    }

    /// The HTTP status of the answer, 400 to 599.
    pub const fn status(self) -> u16 {
        self.text_and_status().1
    }

    /// Whether a failure of this kind usually passes by itself. The others fail in the same way until somebody changes
    /// the connector, its configuration or the request. [`ErrorAnswer::temporary`] is more exact.
    pub const fn is_temporary(self) -> bool {
        match self {
            Self::TooManyAttempts
            | Self::Timeout
            | Self::ConnectorUnavailable
            | Self::Busy
            | Self::ShuttingDown
            | Self::RateLimited
            | Self::CredentialsFailed
            | Self::UpstreamFailed
            | Self::OutOfMemory
            | Self::DeadlineExceeded
            | Self::Internal => true,
            Self::Unauthorized
            | Self::ForeignOrigin
            | Self::BadRequest
            | Self::BodyTooLarge
            | Self::HeadersTooLarge
            | Self::UnsupportedEncoding
            | Self::MethodNotAllowed
            | Self::NotFound
            | Self::UnknownConnector
            | Self::UnknownTable
            | Self::Misconfigured
            | Self::InvalidState
            | Self::UpstreamUnauthorized
            | Self::ConnectorFailed
            | Self::ConnectorCrashed
            | Self::CpuExceeded
            | Self::InvalidPage
            | Self::PageTooLarge
            | Self::StateTooLarge
            | Self::SchemaTooLarge
            | Self::InvalidSchema
            | Self::SecretInPage
            | Self::StuckSync => false,
        }
    }

    /// Reads the kind of an answer; `None` if there is no such kind.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Display for ErrorKind {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The body of an answer to a failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// What went wrong.
    pub kind: ErrorKind,
    /// Whether the same request may succeed later although nobody has changed anything; `None` if the answer doesn't
    /// say, as those of hosts before 0.2. Then [`ErrorKind::is_temporary`] decides.
    pub temporary: Option<bool>,
    /// For the person who has to fix it; without secrets.
    pub message: String,
    /// The connector's name; `None` if the call didn't reach one.
    pub connector: Option<String>,
    /// The call's id in the server's log.
    pub request_id: Option<String>,
}

impl ErrorAnswer {
    /// Writes the body, `{"error": {"kind", "temporary", "message", "connector", "request_id"}}`. An unknown `temporary`
    /// or `connector` is left out, an unknown `request_id` is `null`.
    ///
    /// ```
    /// use weld_protocol::{ErrorAnswer, ErrorKind};
    ///
    /// let answer = ErrorAnswer {
    ///     kind: ErrorKind::UnknownTable,
    ///     temporary: Some(false),
    ///     message: "beers has no table \"wines\"".to_owned(),
    ///     connector: Some("beers".to_owned()),
    ///     request_id: Some("7f3a".to_owned()),
    /// };
    /// assert_eq!(
    ///     answer.write(),
    ///     concat!(
    ///         r#"{"error":{"kind":"unknown_table","temporary":false,"#,
    ///         r#""message":"beers has no table \"wines\"","connector":"beers","request_id":"7f3a"}}"#,
    ///     ),
    /// );
    /// ```
    pub fn write(&self) -> String {
        let mut members = vec![("kind", json::quote(self.kind.as_str()))];
        if let Some(temporary) = self.temporary {
            members.push(("temporary", temporary.to_string()));
        }
        members.push(("message", json::quote(&self.message)));
        if let Some(connector) = &self.connector {
            members.push(("connector", json::quote(connector)));
        }
        let request_id = self
            .request_id
            .as_deref()
            .map_or_else(|| "null".to_owned(), json::quote);
        members.push(("request_id", request_id));
        json::object([("error", json::object(members))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_every_kind_once_in_order() {
        for (index, kind) in ErrorKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index, "{kind}");
        }
        assert_eq!(
            ErrorKind::Internal as usize + 1,
            ErrorKind::ALL.len(),
            "Internal stays the last variant"
        );
    }

    #[test]
    fn kinds_that_usually_pass_are_these() {
        let temporary = ErrorKind::ALL
            .into_iter()
            .filter(|kind| kind.is_temporary());
        let temporary: Vec<_> = temporary.map(ErrorKind::as_str).collect();
        assert_eq!(
            temporary,
            [
                "too_many_attempts",
                "timeout",
                "connector_unavailable",
                "busy",
                "shutting_down",
                "rate_limited",
                "credentials_failed",
                "upstream_failed",
                "out_of_memory",
                "deadline_exceeded",
                "internal",
            ]
        );
    }

    #[test]
    fn every_kind_reads_back() {
        for kind in ErrorKind::ALL {
            assert_eq!(ErrorKind::parse(kind.as_str()), Some(kind));
            assert!((400..600).contains(&kind.status()), "{kind}");
        }
        assert_eq!(ErrorKind::parse("Busy"), None);
        assert_eq!(ErrorKind::parse(""), None);
    }

    #[test]
    fn unknown_connectors_and_request_ids_are_written_as_such() {
        let answer = ErrorAnswer {
            kind: ErrorKind::Unauthorized,
            temporary: None,
            message: "a \"key\"\nis needed".to_owned(),
            connector: None,
            request_id: None,
        };
        assert_eq!(
            answer.write(),
            r#"{"error":{"kind":"unauthorized","message":"a \"key\"\nis needed","request_id":null}}"#,
        );
    }
}
