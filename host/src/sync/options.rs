//! The options of a client and of a sync.

use std::time::Duration;

use weld_protocol::Table;

use super::error::SyncError;
use super::notes::ConnectorVariables;

/// How patient a client is.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// For resolving, connecting and TLS together.
    pub connect_timeout: Duration,
    /// For a whole answer. Long by default: a connector may take minutes for a page, and a host holds pages that wait.
    pub answer_timeout: Duration,
    /// The largest answer, as sent and once decompressed. A page is held in memory, and takes up to three times as
    /// much there.
    pub max_answer_bytes: usize,
    /// How long [`sync`](super::sync()) waits before each further try of a request that failed, where the server
    /// doesn't say. The number of pauses is the number of further tries.
    pub pauses: Vec<Duration>,
    /// The longest wait that a server may ask for with `Retry-After`; longer ones are shortened to it.
    pub longest_pause: Duration,
}

impl Default for ClientOptions {
    /// Three tries, as Weld makes them.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(15 * 60),
            max_answer_bytes: 512 * 1024 * 1024,
            pauses: vec![Duration::from_secs(1), Duration::from_secs(5)],
            longest_pause: Duration::from_secs(60 * 60),
        }
    }
}

/// What to sync, and how.
#[derive(Debug, Clone, Default)]
pub struct SyncOptions {
    /// The names of the tables; all where there are none.
    pub tables: Option<Vec<String>>,
    /// Whether to remove what the destination has of these tables and to read them from their beginning.
    pub full: bool,
    /// Whether a warning is an error. The page that is warned about is then not put away.
    pub strict: bool,
    /// The connector's variables, if they are known: a change of them since a table's state was written is warned of.
    pub variables: Option<ConnectorVariables>,
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
