//! Why there is no page and no schema.

use std::time::Duration;

use weld_protocol::{PageError, SchemaError};

use crate::connectors::ConnectorError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PageFailure {
    #[error(transparent)]
    Connector(#[from] ConnectorError),

    #[error("the connector answered a malformed page")]
    InvalidPage(#[from] PageError),

    #[error("the connector answered a malformed schema")]
    InvalidSchema(#[from] SchemaError),

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
}
