//! Which failures may pass by themselves.

use weld_protocol::ErrorKind;

use super::names::ServerName;

/// Whether a failure of this kind may pass by itself. The others fail in the same way until somebody changes the
/// connector, its configuration or the request.
pub(super) fn is_temporary(kind: ErrorKind, server: &ServerName) -> bool {
    match kind {
        ErrorKind::TooManyAttempts
        | ErrorKind::Timeout
        | ErrorKind::ConnectorUnavailable
        | ErrorKind::Busy
        | ErrorKind::ShuttingDown
        | ErrorKind::RateLimited
        | ErrorKind::CredentialsFailed
        | ErrorKind::UpstreamFailed
        | ErrorKind::DeadlineExceeded
        | ErrorKind::Internal => true,
        // Another host's memory may be in use by other connectors. In this process there is only this one.
        ErrorKind::OutOfMemory => matches!(server, ServerName::Url(_)),
        ErrorKind::Unauthorized
        | ErrorKind::ForeignOrigin
        | ErrorKind::BadRequest
        | ErrorKind::BodyTooLarge
        | ErrorKind::HeadersTooLarge
        | ErrorKind::UnsupportedEncoding
        | ErrorKind::MethodNotAllowed
        | ErrorKind::NotFound
        | ErrorKind::UnknownConnector
        | ErrorKind::UnknownTable
        | ErrorKind::Misconfigured
        | ErrorKind::InvalidState
        | ErrorKind::UpstreamUnauthorized
        | ErrorKind::ConnectorFailed
        | ErrorKind::ConnectorCrashed
        | ErrorKind::CpuExceeded
        | ErrorKind::InvalidPage
        | ErrorKind::PageTooLarge
        | ErrorKind::StateTooLarge
        | ErrorKind::SchemaTooLarge
        | ErrorKind::InvalidSchema
        | ErrorKind::SecretInPage
        | ErrorKind::StuckSync => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_temporary_kinds_are_retried() {
        let retried = |server: &ServerName| -> Vec<&str> {
            let kinds = ErrorKind::ALL
                .into_iter()
                .filter(|kind| is_temporary(*kind, server));
            kinds.map(ErrorKind::as_str).collect()
        };
        let component = retried(&ServerName::Component);
        assert_eq!(
            component,
            [
                "too_many_attempts",
                "timeout",
                "connector_unavailable",
                "busy",
                "shutting_down",
                "rate_limited",
                "credentials_failed",
                "upstream_failed",
                "deadline_exceeded",
                "internal",
            ]
        );
        let mut elsewhere = retried(&ServerName::Url("http://h/".to_owned()));
        elsewhere.retain(|kind| !component.contains(kind));
        assert_eq!(elsewhere, ["out_of_memory"]);
    }
}
