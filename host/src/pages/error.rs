//! Why there is no page and no schema.

use std::time::Duration;

use weld_protocol::{PageError, SchemaError};

use super::calls::Retention;
use crate::account::MemoryError;
use crate::connectors::{CallError, ConnectorError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum PagesError {
    #[error(transparent)]
    Connector(#[from] ConnectorError),

    #[error("the connector answered a malformed page")]
    InvalidPage(#[from] PageError),

    #[error(
        "the connector put a secret into its state, where Weld would keep and show it; keep it out, or set \
         `secret-in-state = \"allow\"` in the connector's [limits]"
    )]
    SecretInState,

    /// The marks that stand for secrets are longer than these.
    #[error(
        "with the secrets in it replaced, the answer has more than the {limit_bytes} bytes of `limits.page-size`"
    )]
    ReplacedTooLarge { limit_bytes: u64 },

    /// There is no room for what was asked, or for what was made of it.
    #[error(transparent)]
    OutOfMemory(#[from] MemoryError),

    #[error("the schema has more than the {limit_bytes} bytes of `limits.schema-size`")]
    SchemaTooLarge { limit_bytes: u64 },

    #[error("the connector answered a malformed schema")]
    InvalidSchema(#[source] SchemaError),

    #[error("the connector answered a schema that can't be read")]
    UnreadableSchema {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error(
        "{pages} pages in a row came to nothing, though each said that there is more (`limits.empty-pages`): the state \
         doesn't move on; check what the connector returns as `state`"
    )]
    Stuck { pages: u32 },

    /// The API asks to wait for longer than `limits.max-wait`, or has asked so often that it comes to that.
    #[error("the API asks to wait for longer than `limits.max-wait` allows")]
    RateLimited { retry_after: Duration },

    /// A schema is never held: it has no state that could carry the wait.
    #[error("the API asks to wait before the schema can be read")]
    SchemaRateLimited { retry_after: Duration },

    #[error("the schema took longer than the {limit:?} of `limits.answer-within`")]
    SchemaTimeout { limit: Duration },

    /// Too many newer versions have been loaded since the call began.
    #[error("the connector was replaced while the page was made")]
    Superseded,

    #[error("the host failed while it made the page; its log says more")]
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
    /// Whether the page may well come if it is asked for again: the host stops, or the connector was replaced.
    pub(super) fn begins_anew(&self) -> bool {
        matches!(
            self,
            Self::Connector(ConnectorError::ShuttingDown) | Self::Superseded
        )
    }

    /// What keeping it costs, in bytes: most of that is what the log says of a crash.
    pub(super) fn bytes(&self) -> u64 {
        /// More than the other texts of an error take.
        const MESSAGE_BYTES: usize = 16 << 10;
        let trace = match self {
            Self::Connector(ConnectorError::Call(error)) => error.trace(),
            _ => None,
        };
        trace.map_or(0, str::len).saturating_add(MESSAGE_BYTES) as u64
    }

    /// How long it counts for those who ask for the same. That the host had no room, or stops, says nothing of the page.
    pub(super) fn keeping(&self) -> Retention {
        match self {
            Self::Connector(error) if !matches!(error, ConnectorError::Call(_)) => {
                Retention::ForThoseWhoWait
            }
            Self::Superseded
            | Self::OutOfMemory(_)
            | Self::Connector(ConnectorError::Call(CallError::OutOfMemory {
                limit: MemoryError::Total(_),
                ..
            })) => Retention::ForThoseWhoWait,
            _ => Retention::UntilTold,
        }
    }
}
