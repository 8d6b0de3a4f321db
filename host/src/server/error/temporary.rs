//! Whether the same request may succeed later although nobody has changed anything: `temporary` of an answer.

use super::ApiError;
use crate::account::MemoryError;
use crate::connectors::{CallError, ConnectorError};
use crate::pages::PagesError;

/// Whether a retry is worth it. The kind alone says less: an API may have failed because it is down, or because the
/// connector asked for something that doesn't exist.
pub(super) fn is_temporary(error: &ApiError) -> bool {
    match error {
        ApiError::Page(failure) => of_page(failure),
        ApiError::UnjudgedKey { failure, .. } => of_connector(failure),
        ApiError::OutOfMemory(limit) => of_memory(*limit),
        // Other requests' heads are gone soon.
        ApiError::NoHeadMemory => true,
        // The next invocation has its own time, and finds what this one has loaded.
        ApiError::InvocationTimeout { .. } | ApiError::InvocationOver { .. } => true,
        ApiError::Unauthorized
        | ApiError::TooManyAttempts(_)
        | ApiError::ForeignHost
        | ApiError::ForeignOrigin
        | ApiError::SeveralHosts(_)
        | ApiError::ClientGone
        | ApiError::NotFound
        | ApiError::HeadersTooLarge { .. }
        | ApiError::Unreadable(_)
        | ApiError::MethodNotAllowed
        | ApiError::BodyTooLarge { .. }
        | ApiError::BodyTimeout { .. }
        | ApiError::BodyCut(_)
        | ApiError::BrokenGzip(_)
        | ApiError::BrokenBase64(_)
        | ApiError::AnswerTooLarge(_)
        | ApiError::Encoding(_)
        | ApiError::Request(_)
        | ApiError::NoPlace { .. }
        | ApiError::NotEncrypted
        | ApiError::ProbeMethod
        | ApiError::Panicked => error.kind().is_temporary(),
    }
}

fn of_page(failure: &PagesError) -> bool {
    match failure {
        PagesError::Connector(error) => of_connector(error),
        PagesError::OutOfMemory(limit) => of_memory(*limit),
        PagesError::RateLimited { .. }
        | PagesError::SchemaRateLimited { .. }
        // The next request joins the call for the schema, which goes on.
        | PagesError::SchemaTimeout { .. }
        // The next invocation may have more time.
        | PagesError::SchemaInvocationTimeout { .. }
        | PagesError::Superseded
        | PagesError::Crashed => true,
        PagesError::InvalidPage(_)
        | PagesError::SecretInState
        | PagesError::ReplacedTooLarge { .. }
        | PagesError::SchemaTooLarge { .. }
        | PagesError::InvalidSchema(_)
        | PagesError::UnreadableSchema { .. }
        | PagesError::Stuck { .. } => false,
    }
}

fn of_connector(error: &ConnectorError) -> bool {
    match error {
        ConnectorError::Unknown { .. } | ConnectorError::Ambiguous | ConnectorError::None => false,
        ConnectorError::Unavailable { may_pass, .. } => *may_pass,
        ConnectorError::Loading | ConnectorError::ShuttingDown | ConnectorError::Busy { .. } => {
            true
        }
        ConnectorError::Call(error) => of_call(error),
    }
}

fn of_call(error: &CallError) -> bool {
    match error {
        CallError::Guest(error) => error.is_temporary(),
        CallError::Credentials { failure, .. } => failure.is_temporary,
        CallError::Explained { failed, .. } => of_call(failed),
        CallError::OutOfMemory { limit, .. } => of_memory(*limit),
        CallError::Postponed(_) | CallError::Sandbox { .. } | CallError::Code(_) => true,
        // The next call would take as long.
        CallError::PageTimeout { .. }
        | CallError::AnswerTimeout { .. }
        | CallError::InvocationTimeout { .. }
        | CallError::Crashed { .. }
        | CallError::Exited { .. }
        | CallError::CpuTime { .. }
        | CallError::PageTooLarge { .. }
        | CallError::StateTooLarge { .. }
        | CallError::SchemaTooLarge { .. }
        | CallError::Unreadable { .. } => false,
    }
}

/// Other calls end, and release memory.
fn of_memory(limit: MemoryError) -> bool {
    match limit {
        MemoryError::Connector(_) => false,
        MemoryError::Total(_) => true,
    }
}
