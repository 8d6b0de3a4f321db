//! A folder with a file for each table, with a row as a JSON object per line.
//!
//! Rows are appended as received, without line breaks between values. A later row with the same key does not replace an
//! earlier one. The folder also has `_weld.json`, with the committed length and state of each file, and `_weld.lock`,
//! which one sync at a time locks. A page is first written to its file and is committed when the manifest is replaced.
//! The next sync removes anything that a killed process wrote beyond the committed length.

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
use super::destination::{Destination, States, Upserts};
use super::error::DestinationError;
use super::identity::FileIdentity;
use super::line;
use super::lock::DestinationLock;

const LOCK_FILE: &str = "_weld.lock";

/// A destination that writes to a folder of JSON Lines.
#[derive(Debug)]
pub struct JsonLines {
    folder: PathBuf,
    identity: FileIdentity,
    manifest: Manifest,
    /// `None` before there is a manifest.
    manifest_identity: Option<FileIdentity>,
    /// The prepared tables' files, by the schema's name.
    files: HashMap<String, File>,
    /// A buffer, so that each page is a single write.
    lines: Vec<u8>,
    /// New notes to commit, by table.
    notes: HashMap<String, String>,
    lock: DestinationLock,
}

impl JsonLines {
    /// Opens or creates the folder, and locks it until the value is dropped.
    ///
    /// # Errors
    ///
    /// [`DestinationError`]: `Open` if the folder can't be created, `Locked` if another sync has locked it, `ReadOnly`,
    /// `Layout` or `Damaged`.
    pub fn open(folder: &Path) -> Result<Self, DestinationError> {
        fs::create_dir_all(folder).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => DestinationError::Open {
                path: folder.to_owned(),
                source: error.into(),
            },
            _ => DestinationError::of_file(folder, error),
        })?;
        // Links are resolved once, since they may later point elsewhere.
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

    /// Verifies that the folder, the lock and the manifest are those that were opened.
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

    /// Verifies that the table's file exists and contains everything committed.
    fn verify_file(&self, table: &str) -> Result<(), DestinationError> {
        let (file, path, committed_bytes) = self.file(table)?;
        let metadata = file
            .metadata()
            .map_err(|error| DestinationError::of_file(&path, error))?;
        let identity = FileIdentity::of(&metadata);
        DestinationError::unless_changed(&path, identity, committed_bytes)
    }

    /// Changes the table's manifest entry and writes the manifest. A table without an entry first gets a file name that
    /// no file has; otherwise foreign rows could be mistaken for those of a killed process.
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

    /// Truncates the file to its committed length.
    fn cut(&self, table: &str) -> Result<(), DestinationError> {
        let (file, path, committed_bytes) = self.file(table)?;
        file.set_len(committed_bytes)
            .map_err(|error| DestinationError::of_file(&path, error))
    }

    /// Appends `lines` and commits them with the state.
    fn append(&mut self, table: &str, state: &RawValue) -> Result<(), DestinationError> {
        // Before writing, since a truncated file would be filled up with zeros.
        self.verify_folder()?;
        self.verify_file(table)?;
        let (mut file, path, committed_bytes) = self.file(table)?;
        let length = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        // Again, since it may have failed after an earlier error.
        file.set_len(committed_bytes)
            .and_then(|()| file.write_all(&self.lines))
            // After a power cut, the file must have at least the length in the manifest.
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
            // Before the file is created: a file that is not in the manifest is a foreign one.
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
                    "it has {length} bytes, but {} were written",
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
    ) -> Result<Option<Upserts>, DestinationError> {
        self.lines.clear();
        for (place, row) in rows.iter().enumerate() {
            line::push_row(&mut self.lines, table, place, row)?;
            self.lines.push(b'\n');
        }
        self.append(table, state).inspect_err(|_| {
            // If this fails too, the next page or the next run truncates the file.
            let _ = self.verify_file(table).and_then(|()| self.cut(table));
        })?;
        Ok(None)
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

    fn tables(&mut self) -> Result<Vec<String>, DestinationError> {
        Ok(self.manifest.tables.keys().cloned().collect())
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
