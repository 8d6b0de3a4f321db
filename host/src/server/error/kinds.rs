//! The kinds of errors of pages, connectors and calls.

use weld_protocol::ErrorKind;

use crate::connectors::{CallError, ConnectorError};
use crate::pages::PagesError;

/// The kind of a failed page or schema.
pub(super) fn page_kind(failure: &PagesError) -> ErrorKind {
    match failure {
        PagesError::Connector(error) => connector_kind(error),
        PagesError::InvalidPage(_) => ErrorKind::InvalidPage,
        PagesError::SecretInState => ErrorKind::SecretInPage,
        PagesError::ReplacedTooLarge { .. } => ErrorKind::PageTooLarge,
        PagesError::OutOfMemory(_) => ErrorKind::OutOfMemory,
        PagesError::SchemaTooLarge { .. } => ErrorKind::SchemaTooLarge,
        PagesError::Stuck { .. } => ErrorKind::StuckSync,
        PagesError::InvalidSchema(_) | PagesError::UnreadableSchema { .. } => {
            ErrorKind::InvalidSchema
        }
        PagesError::RateLimited { .. } | PagesError::SchemaRateLimited { .. } => {
            ErrorKind::RateLimited
        }
        PagesError::SchemaTimeout { .. } | PagesError::SchemaInvocationTimeout { .. } => {
            ErrorKind::DeadlineExceeded
        }
        PagesError::Superseded => ErrorKind::ConnectorUnavailable,
        PagesError::Crashed => ErrorKind::Internal,
    }
}

/// The kind of a request that got no result from its connector.
pub(super) fn connector_kind(error: &ConnectorError) -> ErrorKind {
    match error {
        ConnectorError::Unknown { .. } | ConnectorError::Ambiguous | ConnectorError::None => {
            ErrorKind::UnknownConnector
        }
        ConnectorError::Unavailable { .. } | ConnectorError::Loading => {
            ErrorKind::ConnectorUnavailable
        }
        ConnectorError::ShuttingDown => ErrorKind::ShuttingDown,
        ConnectorError::Busy { .. } => ErrorKind::Busy,
        ConnectorError::Call(error) => call_kind(error),
    }
}

fn call_kind(error: &CallError) -> ErrorKind {
    match error {
        CallError::Guest(error) => error.kind(),
        CallError::Crashed { .. } | CallError::Exited { .. } => ErrorKind::ConnectorCrashed,
        CallError::OutOfMemory { .. } => ErrorKind::OutOfMemory,
        CallError::CpuTime { .. } => ErrorKind::CpuExceeded,
        // A postponed page is answered as pending, and a schema is never postponed.
        CallError::Postponed(_) => ErrorKind::RateLimited,
        CallError::PageTimeout { .. }
        | CallError::AnswerTimeout { .. }
        | CallError::InvocationTimeout { .. } => ErrorKind::DeadlineExceeded,
        CallError::PageTooLarge { .. } => ErrorKind::PageTooLarge,
        CallError::StateTooLarge { .. } => ErrorKind::StateTooLarge,
        CallError::SchemaTooLarge { .. } => ErrorKind::SchemaTooLarge,
        CallError::Unreadable { .. } => ErrorKind::InvalidPage,
        CallError::Sandbox { .. } => ErrorKind::Internal,
        CallError::Credentials { .. } => ErrorKind::CredentialsFailed,
        CallError::Explained { failed, .. } => call_kind(failed),
        CallError::Code(_) => ErrorKind::ConnectorUnavailable,
    }
}
