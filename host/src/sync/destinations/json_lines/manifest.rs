//! The manifest: each table's state and the committed length of its file, in one file that is replaced atomically.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::super::error::DestinationError;
use super::super::identity::FileIdentity;

/// The version of the manifest's layout.
const LAYOUT: i64 = 1;

/// The manifest's name in the folder. No table's file has this extension.
const FILE: &str = "_weld.json";

/// The name of a new manifest before it replaces the old one.
const NEW_FILE: &str = "_weld.json.new";

/// The committed part of each table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    layout: i64,
    /// The tables by the schema's name.
    pub(super) tables: BTreeMap<String, CommittedTable>,
}

/// The committed part of a table's file, with its state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CommittedTable {
    /// The name of the file within the folder.
    pub(super) file: String,
    /// How many bytes of the file are complete pages. The rest is not committed.
    pub(super) committed_bytes: u64,
    /// The state of the last page.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "deserialize_some"
    )]
    pub(super) state: Option<Box<RawValue>>,
    /// The notes on the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) notes: Option<Box<RawValue>>,
}

/// The layout's version, which manifests of all releases have.
#[derive(Deserialize)]
struct LayoutHeader {
    layout: i64,
}

/// Distinguishes a state of `null` from no state.
fn deserialize_some<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::deserialize(deserializer).map(Some)
}

/// The path of the folder's manifest.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// The identity of the folder's manifest; `None` if there is none yet.
pub(super) fn identity(folder: &Path) -> Result<Option<FileIdentity>, DestinationError> {
    let path = path(folder);
    match FileIdentity::at(&path) {
        Ok(identity) => Ok(Some(identity)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DestinationError::of_file(&path, error)),
    }
}

impl Manifest {
    /// Reads the folder's manifest. A folder without one has an empty manifest.
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
        let LayoutHeader { layout } = serde_json::from_slice(&text).map_err(damaged)?;
        if layout != LAYOUT {
            return Err(DestinationError::Layout {
                path,
                found: layout,
                known: LAYOUT,
            });
        }
        serde_json::from_slice(&text).map_err(damaged)
    }

    /// Replaces the folder's manifest with this one. After a kill or a power cut, the folder has either of them.
    pub(super) fn write(&self, folder: &Path) -> Result<(), DestinationError> {
        let path = folder.join(NEW_FILE);
        replace(self, &path, &folder.join(FILE))
            .map_err(|error| DestinationError::of_file(&path, error))
    }
}

fn replace(manifest: &Manifest, new: &PathBuf, path: &PathBuf) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(manifest)?;
    let mut file = File::create(new)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(new, path)
}
