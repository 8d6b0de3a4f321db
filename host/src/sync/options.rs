//! The options of a client and of a sync.

use std::time::Duration;

use weld_protocol::Table;

use super::error::SyncError;
use super::limits::TableLimits;
use super::names::KeySource;
use super::notes::ConnectorVariables;

/// The limits and retries of a client.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The limit for resolving the name, connecting and TLS together.
    pub connect_timeout: Duration,
    /// The limit for a complete answer. Long by default: a connector may take minutes for a page, and a host holds
    /// requests for pages that wait.
    pub answer_timeout: Duration,
    /// The size limit of an answer in bytes, as sent and decompressed. A page is held in memory and takes up to three
    /// times that much.
    pub max_answer_bytes: usize,
    /// How long [`sync`](super::sync()) waits before each retry of a failed request, unless the server says. The number
    /// of pauses is the number of retries.
    pub pauses: Vec<Duration>,
    /// The limit for waits in `Retry-After`; longer ones are shortened to it.
    pub longest_pause: Duration,
    /// The source of the key, for messages.
    pub key_source: KeySource,
    /// The path of the component, if this process serves the connector. Messages then name it instead of the URL.
    pub component: Option<String>,
}

impl Default for ClientOptions {
    /// Three tries, like Weld.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(15 * 60),
            max_answer_bytes: 512 * 1024 * 1024,
            pauses: vec![Duration::from_secs(1), Duration::from_secs(5)],
            longest_pause: Duration::from_secs(60 * 60),
            key_source: KeySource::default(),
            component: None,
        }
    }
}

/// What to sync, and how.
#[derive(Debug, Clone, Default)]
pub struct SyncOptions {
    /// The names of the tables; `None` for all.
    pub tables: Option<Vec<String>>,
    /// Whether to remove the tables' rows and states first, and to read the tables from the start.
    pub full: bool,
    /// Whether a warning is an error. The page with the warning is then not stored.
    pub strict: bool,
    /// The connector's variables, if they are known. A change since a table's state was written causes a warning.
    pub variables: Option<ConnectorVariables>,
    /// How much of each table to read at most.
    pub limits: TableLimits,
}

impl SyncOptions {
    /// The tables to read, in the schema's order.
    ///
    /// # Errors
    ///
    /// [`SyncError`]: `NoTables` or `UnknownTable`.
    pub(super) fn choose(&self, schema: Vec<Table>) -> Result<Vec<Table>, SyncError> {
        if schema.is_empty() {
            return Err(SyncError::NoTables);
        }
        let Some(wanted) = &self.tables else {
            return Ok(schema);
        };
        let unknown = wanted
            .iter()
            .find(|name| !schema.iter().any(|table| table.name == **name));
        if let Some(unknown) = unknown {
            return Err(SyncError::UnknownTable {
                table: unknown.clone(),
                known: schema.into_iter().map(|table| table.name).collect(),
            });
        }
        Ok(schema
            .into_iter()
            .filter(|table| wanted.contains(&table.name))
            .collect())
    }
}
