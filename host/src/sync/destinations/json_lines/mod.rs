//! A folder with a file of rows for each table, one JSON object a line.
//!
//! Rows are appended as they came, apart from line breaks between values; a later row of the same key does not replace
//! an earlier one. Beside them stand `_weld.json`, which says how much of each file is committed and with which state,
//! and `_weld.lock`, which one sync at a time holds. A page is written to its file first and becomes part of it when
//! the manifest is replaced; what a killed process wrote beyond the manifest's length is cut off by the next.

mod manifest;
mod names;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use weld_protocol::Table;

use self::manifest::{CommittedTable, Manifest};
use super::destination::{Destination, States};
use super::error::DestinationError;
use super::identity::FileIdentity;
use super::line;
use super::lock::DestinationLock;

const LOCK_FILE: &str = "_weld.lock";

/// Rows in a folder's files.
#[derive(Debug)]
pub struct JsonLines {
    folder: PathBuf,
    identity: FileIdentity,
    manifest: Manifest,
    /// None before there is one.
    manifest_identity: Option<FileIdentity>,
    /// The files of prepared tables, by the schema's name.
    files: HashMap<String, File>,
    /// Kept between pages, so that each page is one write.
    lines: Vec<u8>,
    /// Of which tables new notes are to be committed.
    notes: HashMap<String, String>,
    lock: DestinationLock,
}

impl JsonLines {
    /// Opens the folder, or makes it, and holds it until the value is dropped.
    ///
    /// # Errors
    ///
    /// [`DestinationError`]: `Open` where there can be no folder, `Locked` where another sync holds it, `ReadOnly`,
    /// `Layout` or `Damaged`.
    pub fn open(folder: &Path) -> Result<Self, DestinationError> {
        fs::create_dir_all(folder).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => DestinationError::Open {
                path: folder.to_owned(),
                source: error.into(),
            },
            _ => DestinationError::of_file(folder, error),
        })?;
        // Where links lead is what counts, also once they lead elsewhere.
        let named = folder;
        let folder =
            fs::canonicalize(named).map_err(|error| DestinationError::of_file(named, error))?;
        let lock = DestinationLock::take(folder.join(LOCK_FILE), named, false)?;
        let identity =
            FileIdentity::at(&folder).map_err(|error| DestinationError::of_file(&folder, error))?;
        let manifest = Manifest::read(&folder)?;
        Ok(Self {
            manifest_identity: manifest::identity(&folder)?,
            manifest,
            folder,
            identity,
            files: HashMap::new(),
            lines: Vec::new(),
            notes: HashMap::new(),
            lock,
        })
    }

    /// Whether folder, lock and manifest are those that were opened.
    fn verify_folder(&self) -> Result<(), DestinationError> {
        DestinationError::unless_changed(&self.folder, self.identity, 0)?;
        self.lock.verify()?;
        match self.manifest_identity {
            Some(identity) => {
                DestinationError::unless_changed(&manifest::path(&self.folder), identity, 0)
            }
            None => Ok(()),
        }
    }

    /// Whether the table's file is there, with all that is committed.
    fn verify_file(&self, table: &str) -> Result<(), DestinationError> {
        let (file, path, committed_bytes) = self.file(table)?;
        let metadata = file
            .metadata()
            .map_err(|error| DestinationError::of_file(&path, error))?;
        let identity = FileIdentity::of(&metadata);
        DestinationError::unless_changed(&path, identity, committed_bytes)
    }

    /// Makes a change to the table's entry durable. A table without one gets a file's name first: one that no file
    /// has, or rows of somebody else would be taken for what a killed process left.
    fn record(
        &mut self,
        table: &str,
        change: impl FnOnce(&mut CommittedTable),
    ) -> Result<(), DestinationError> {
        let mut manifest = self.manifest.clone();
        if !manifest.tables.contains_key(table) {
            let taken = manifest.tables.values().map(|entry| entry.file.as_str());
            let file = names::file_name(table, taken);
            let path = self.folder.join(&file);
            if path
                .try_exists()
                .map_err(|error| DestinationError::of_file(&path, error))?
            {
                return Err(DestinationError::Foreign { path });
            }
            let entry = CommittedTable {
                file,
                committed_bytes: 0,
                state: None,
                notes: None,
            };
            manifest.tables.insert(table.to_owned(), entry);
        }
        if let Some(entry) = manifest.tables.get_mut(table) {
            change(entry);
        }
        self.verify_folder()?;
        manifest.write(&self.folder)?;
        self.manifest_identity = manifest::identity(&self.folder)?;
        self.manifest = manifest;
        Ok(())
    }

    /// The table's file, its path and its committed length.
    fn file(&self, table: &str) -> Result<(&File, PathBuf, u64), DestinationError> {
        match (self.files.get(table), self.manifest.tables.get(table)) {
            (Some(file), Some(entry)) => {
                Ok((file, self.folder.join(&entry.file), entry.committed_bytes))
            }
            _ => Err(DestinationError::NotPrepared {
                table: table.to_owned(),
            }),
        }
    }

    /// Cuts off what is not committed.
    fn cut(&self, table: &str) -> Result<(), DestinationError> {
        let (file, path, committed_bytes) = self.file(table)?;
        file.set_len(committed_bytes)
            .map_err(|error| DestinationError::of_file(&path, error))
    }

    /// Appends `lines`, commits them with the state.
    fn append(&mut self, table: &str, state: &RawValue) -> Result<(), DestinationError> {
        // Before: what was cut would be filled up with zeros.
        self.verify_folder()?;
        self.verify_file(table)?;
        let (mut file, path, committed_bytes) = self.file(table)?;
        let length = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        // Again: it may have failed after an earlier error.
        file.set_len(committed_bytes)
            .and_then(|()| file.write_all(&self.lines))
            // The manifest must not say more than a power cut leaves of the file.
            .and_then(|()| file.sync_data())
            .map_err(|error| DestinationError::of_file(&path, error))?;
        let notes = self.notes.get(table);
        let notes = notes.and_then(|notes| RawValue::from_string(notes.clone()).ok());
        self.record(table, |entry| {
            entry.committed_bytes = committed_bytes.saturating_add(length);
            entry.state = Some(state.to_owned());
            entry.notes = notes.or(entry.notes.take());
        })?;
        self.notes.remove(table);
        self.verify_file(table)
    }
}

impl Destination for JsonLines {
    fn prepare(&mut self, table: &Table) -> Result<Option<String>, DestinationError> {
        if !self.manifest.tables.contains_key(&table.name) {
            // Before the file is made: a file that the manifest doesn't know is somebody else's.
            self.record(&table.name, |_| {})?;
        }
        let Some(entry) = self.manifest.tables.get(&table.name) else {
            return Ok(None);
        };
        let path = self.folder.join(&entry.file);
        let of_file = |error| DestinationError::of_file(&path, error);
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(of_file)?;
        let length = file.metadata().map_err(of_file)?.len();
        if length < entry.committed_bytes {
            return Err(DestinationError::Damaged {
                reason: format!(
                    "it has {length} bytes, {} were written",
                    entry.committed_bytes
                ),
                path,
            });
        }
        let state = entry.state.as_ref().map(|state| state.get().to_owned());
        self.files.insert(table.name.clone(), file);
        self.cut(&table.name)?;
        Ok(state)
    }

    fn clear(&mut self, table: &str) -> Result<(), DestinationError> {
        self.file(table)?;
        self.record(table, |entry| {
            entry.committed_bytes = 0;
            entry.state = None;
            entry.notes = None;
        })?;
        self.cut(table)
    }

    fn commit(
        &mut self,
        table: &str,
        rows: &[Box<RawValue>],
        state: &RawValue,
    ) -> Result<(), DestinationError> {
        self.lines.clear();
        for (place, row) in rows.iter().enumerate() {
            line::push_row(&mut self.lines, table, place, row)?;
            self.lines.push(b'\n');
        }
        self.append(table, state).inspect_err(|_| {
            // Where that fails as well, the next page or the next run does it.
            let _ = self.verify_file(table).and_then(|()| self.cut(table));
        })
    }

    fn notes(&mut self, table: &str) -> Result<Option<String>, DestinationError> {
        let entry = self.manifest.tables.get(table);
        Ok(entry.and_then(|entry| Some(entry.notes.as_ref()?.get().to_owned())))
    }

    fn set_notes(&mut self, table: &str, notes: String) {
        self.notes.insert(table.to_owned(), notes);
    }

    fn verify(&mut self) -> Result<(), DestinationError> {
        self.verify_folder()?;
        self.files
            .keys()
            .try_for_each(|table| self.verify_file(table))
    }
}

impl States for JsonLines {
    fn states(&mut self) -> Result<Vec<(String, String)>, DestinationError> {
        let entries = self.manifest.tables.iter();
        let states = entries.filter_map(|(table, entry)| {
            Some((table.clone(), entry.state.as_ref()?.get().to_owned()))
        });
        Ok(states.collect())
    }

    fn set_state(&mut self, table: &str, state: &RawValue) -> Result<(), DestinationError> {
        self.record(table, |entry| entry.state = Some(state.to_owned()))
    }

    fn reset_state(&mut self, table: &str) -> Result<bool, DestinationError> {
        let entry = self.manifest.tables.get(table);
        if entry.is_none_or(|entry| entry.state.is_none()) {
            return Ok(false);
        }
        self.record(table, |entry| entry.state = None)?;
        Ok(true)
    }
}
