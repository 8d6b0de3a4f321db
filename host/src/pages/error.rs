//! Why there is no page or schema.

use std::time::Duration;

use weld_protocol::{PageError, SchemaError};

use super::calls::Retention;
use crate::account::MemoryError;
use crate::config::duration_text;
use crate::connectors::{CallError, ConnectorError};
use crate::report::size_text;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PagesError {
    #[error(transparent)]
    Connector(#[from] ConnectorError),

    #[error("the connector returned an invalid page")]
    InvalidPage(#[from] PageError),

    #[error(
        "the connector put a secret into its state, where Weld would store and show it; leave it out, or set \
         `secret-in-state = \"allow\"` in the connector's [limits]"
    )]
    SecretInState,

    /// The marks that replace secrets are longer than the secrets.
    #[error(
        "with its secrets replaced, the answer is larger than the {} of `limits.page-size`", size_text(*limit_bytes)
    )]
    ReplacedTooLarge { limit_bytes: u64 },

    /// There is no memory for the request, or for its answer.
    #[error(transparent)]
    OutOfMemory(#[from] MemoryError),

    #[error("the schema is larger than the {} of `limits.schema-size`", size_text(*limit_bytes))]
    SchemaTooLarge { limit_bytes: u64 },

    #[error("the connector returned an invalid schema")]
    InvalidSchema(#[source] SchemaError),

    #[error("could not read the schema that the connector returned")]
    UnreadableSchema {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error(
        "{pages} pages in a row made no progress, though each announced another page (`limits.empty-pages`): the state \
         doesn't advance; check what the connector returns as `state`"
    )]
    Stuck { pages: u32 },

    /// The API asks for a wait longer than `limits.max-wait`, or its waits in a row add up to more.
    #[error("the API asks for a longer wait than `limits.max-wait` allows")]
    RateLimited { retry_after: Duration },

    /// A schema request is never held: it has no state that could carry the wait.
    #[error("the API asks to wait before it provides the schema")]
    SchemaRateLimited { retry_after: Duration },

    #[error("the schema took longer than the {} of `limits.answer-within`", duration_text(*limit))]
    SchemaTimeout { limit: Duration },

    /// The same with the time of one invocation of a function.
    #[error(
        "the schema took longer than the {} that this invocation of the function had; raise the function's time-out",
        duration_text(*limit)
    )]
    SchemaInvocationTimeout { limit: Duration },

    /// Too many newer versions have been loaded since the call began.
    #[error("the connector was replaced while the page was being made")]
    Superseded,

    #[error("the host failed while making the page; its log has the details")]
    Crashed,
}

impl From<SchemaError> for PagesError {
    fn from(error: SchemaError) -> Self {
        match error {
            SchemaError::TooLarge { limit_bytes } => Self::SchemaTooLarge { limit_bytes },
            error => Self::InvalidSchema(error),
        }
    }
}

impl PagesError {
    /// Whether the page may come if it is requested again: the host is shutting down, or the connector was replaced.
    pub(super) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Connector(ConnectorError::ShuttingDown) | Self::Superseded
        )
    }

    /// The memory that keeping it costs, in bytes. Most of that is a crash's trace for the log.
    pub(super) fn bytes(&self) -> u64 {
        /// More than all other texts of an error.
        const MESSAGE_BYTES: usize = 16 << 10;
        let trace = match self {
            Self::Connector(ConnectorError::Call(error)) => error.trace(),
            _ => None,
        };
        trace.map_or(0, str::len).saturating_add(MESSAGE_BYTES) as u64
    }

    /// How long the error is kept for equal requests. That the host has no room or is shutting down says nothing
    /// about the page.
    pub(super) fn keeping(&self) -> Retention {
        match self {
            Self::Connector(error) if !matches!(error, ConnectorError::Call(_)) => {
                Retention::ForWaitersOnly
            }
            Self::Superseded
            | Self::OutOfMemory(_)
            | Self::Connector(ConnectorError::Call(CallError::OutOfMemory {
                limit: MemoryError::Total(_),
                ..
            })) => Retention::ForWaitersOnly,
            _ => Retention::UntilReported,
        }
    }
}
