//! What is committed: the state of each table and the length of its file, in one file that is replaced as a whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::super::DestinationError;

/// The layout of the ledger.
const LAYOUT: i64 = 1;

/// The ledger's name in the folder. No table's file ends so.
const FILE: &str = "_weld.json";

/// The ledger to be.
const NEW_FILE: &str = "_weld.json.new";

/// What is known of all tables.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ledger {
    layout: i64,
    /// By the schema's name.
    pub(super) tables: BTreeMap<String, Entry>,
}

/// What is known of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The name of its file within the folder.
    pub(super) file: String,
    /// How many bytes of the file are whole pages; what follows is none.
    pub(super) committed_bytes: u64,
    /// The state of the last page.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub(super) state: Option<Box<RawValue>>,
}

/// Only the layout, which an older or newer ledger has as well.
#[derive(Deserialize)]
struct Header {
    layout: i64,
}

/// A state may be `null`, which is another thing than none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::deserialize(deserializer).map(Some)
}

impl Ledger {
    /// Reads the folder's ledger; an empty one where there is none.
    pub(super) fn read(folder: &Path) -> Result<Self, DestinationError> {
        let path = folder.join(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    layout: LAYOUT,
                    tables: BTreeMap::new(),
                });
            }
            Err(error) => return Err(DestinationError::of_file(&path, error)),
        };
        let damaged = |error: serde_json::Error| DestinationError::Damaged {
            path: path.clone(),
            reason: error.to_string(),
        };
        let Header { layout } = serde_json::from_slice(&text).map_err(damaged)?;
        if layout != LAYOUT {
            return Err(DestinationError::Layout {
                path,
                found: layout,
                known: LAYOUT,
            });
        }
        serde_json::from_slice(&text).map_err(damaged)
    }

    /// Puts this ledger in the place of the folder's: after a kill or a power cut there is one or the other.
    pub(super) fn write(&self, folder: &Path) -> Result<(), DestinationError> {
        let path = folder.join(NEW_FILE);
        replace(self, &path, &folder.join(FILE))
            .map_err(|error| DestinationError::of_file(&path, error))
    }
}

fn replace(ledger: &Ledger, new: &PathBuf, path: &PathBuf) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(ledger)?;
    let mut file = File::create(new)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(new, path)
}
