//! The tokens folder: `CONNECTOR/CREDENTIAL.token`, each with a `.lock` next to it.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::error::TokenError;
use super::files::{self, NoWatch, WriteWatch};
use super::folder::{Folder, name};
use super::key::TokenKey;
use super::keys::TokenKeys;
use super::record::TokenRecord;
use super::seal::{self, SealFault};

/// All permissions of the group and of others.
const FOREIGN: u32 = 0o077;

/// A tokens folder. Clones are the same store.
#[derive(Clone, Debug)]
pub struct Store(Arc<StoreFolder>);

#[derive(Debug)]
struct StoreFolder {
    folder: PathBuf,
    keys: TokenKeys,
}

/// The place of one credential in the store, with or without a token.
#[derive(Clone, Debug)]
pub struct TokenEntry {
    store: Store,
    folder: PathBuf,
    connector: Arc<str>,
    credential: Arc<str>,
}

/// An entry that no other process or thread can lock at the same time. The lock ends when this is dropped, or with the
/// process.
#[derive(Debug)]
pub struct TokenLock {
    entry: TokenEntry,
    /// Closing the file releases the lock.
    _lock: File,
}

impl Store {
    /// A store in this folder, which is created with the first token, for this user alone. If other users can access
    /// the folder, it is used with a warning. Without a key, tokens can only be removed.
    pub fn open(folder: PathBuf, keys: impl Into<TokenKeys>) -> Self {
        if let Ok(metadata) = std::fs::metadata(&folder)
            && metadata.mode() & FOREIGN != 0
        {
            let mode = format!("{:o}", metadata.mode() & 0o7777);
            tracing::warn!(folder = %folder.display(), mode, "other users can access the tokens folder: restrict it with chmod 700");
        }
        let keys = keys.into();
        Self(Arc::new(StoreFolder { folder, keys }))
    }

    /// Whether tokens can be read and written.
    pub fn has_key(&self) -> bool {
        self.0.keys.are_known()
    }

    /// The keys that count now, no key twice. Blocks while their file is read.
    pub(super) fn keys(&self) -> Arc<Vec<TokenKey>> {
        self.0.keys.current()
    }

    /// The file that has the keys; `None` if they are from elsewhere.
    pub(super) fn key_file(&self) -> Option<&Path> {
        self.0.keys.file()
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// The place of a connector's credential.
    ///
    /// # Errors
    ///
    /// [`TokenError::Name`]: a name that would lead out of the folder. The configuration allows no such names.
    pub fn entry(&self, connector: &str, credential: &str) -> Result<TokenEntry, TokenError> {
        for name in [connector, credential] {
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
            if name.is_empty() || !name.chars().all(is_plain) {
                return Err(TokenError::Name(name.to_owned()));
            }
        }
        if connector.starts_with('.') {
            return Err(TokenError::Name(connector.to_owned()));
        }
        Ok(TokenEntry {
            store: self.clone(),
            folder: self.0.folder.join(connector),
            connector: connector.into(),
            credential: credential.into(),
        })
    }
}

impl TokenEntry {
    /// The file of the token.
    pub fn path(&self) -> PathBuf {
        self.file("token")
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether there is a token, readable or not.
    pub fn exists(&self) -> bool {
        self.path().symlink_metadata().is_ok()
    }

    /// The stored record; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`TokenError`]: `NoKey`, `Corrupt`, `AnotherKey`, `NewerVersion` and `Unreadable`.
    pub fn read(&self) -> Result<Option<TokenRecord>, TokenError> {
        if !self.store.has_key() {
            return Err(TokenError::NoKey);
        }
        let path = self.path();
        let content = match files::read(&path) {
            Ok(Some(content)) => content,
            Ok(None) => return Ok(None),
            Err(source) => return Err(TokenError::Unreadable { path, source }),
        };
        let json = self.unseal(&content)?;
        let record = TokenRecord::from_json(&json);
        record.map(Some).ok_or(TokenError::Corrupt(path))
    }

    /// Decrypts the record in the file's content, with the key that encrypted it.
    pub(super) fn unseal(&self, content: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let mut fault = SealFault::AnotherKey;
        for key in self.store.keys().iter() {
            match seal::unseal(key, &self.name(), content) {
                Ok(record) => return Ok(record),
                Err(SealFault::AnotherKey) => {}
                Err(other) => fault = other,
            }
        }
        Err(fault.at(self.path()))
    }

    /// Locks the entry; waits while another process or thread has locked it.
    ///
    /// # Errors
    ///
    /// [`TokenError`]: `ReadOnly`, `Full` and `Unwritable`, if the lock file can't be created.
    pub fn lock(&self) -> Result<TokenLock, TokenError> {
        let file = self.lock_file()?;
        file.lock()
            .map_err(|source| TokenError::of_write(&self.file("lock"), source))?;
        Ok(self.locked(file))
    }

    /// As [`lock`](Self::lock), without waiting: `None` if the entry is locked already.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    pub fn try_lock(&self) -> Result<Option<TokenLock>, TokenError> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(self.locked(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => {
                Err(TokenError::of_write(&self.file("lock"), source))
            }
        }
    }

    /// The error for an entry that stays locked.
    pub fn held(&self) -> TokenError {
        TokenError::Held(self.file("lock"))
    }

    fn locked(&self, file: File) -> TokenLock {
        TokenLock {
            entry: self.clone(),
            _lock: file,
        }
    }

    /// A separate lock file, which is never removed: a lock on the token's file would stay with the old file after a
    /// rename.
    fn lock_file(&self) -> Result<File, TokenError> {
        let folder = Folder::make_itself(&self.folder)
            .map_err(|source| TokenError::of_write(&self.folder, source))?;
        let path = self.file("lock");
        let opened = name(&path).and_then(|name| folder.open_lock(name));
        opened.map_err(|source| TokenError::of_write(&path, source))
    }

    /// The key that encrypts.
    fn key(&self) -> Result<TokenKey, TokenError> {
        self.store.keys().first().cloned().ok_or(TokenError::NoKey)
    }

    /// The name that the encryption binds the file to.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.connector, self.credential)
    }

    /// A file of this entry. Every ending is one of ours, so that no credential's name can be another's file.
    pub(super) fn file(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.credential))
    }
}

impl TokenLock {
    /// As [`TokenEntry::read`].
    ///
    /// # Errors
    ///
    /// As [`TokenEntry::read`].
    pub fn read(&self) -> Result<Option<TokenRecord>, TokenError> {
        self.entry.read()
    }

    /// Replaces the stored record. When this returns, the record survives a crash of the machine.
    ///
    /// # Errors
    ///
    /// [`TokenError`]: `NoKey`, `Unsealed`, `ReadOnly`, `Full` and `Unwritable`. Then the previous record is still
    /// stored, or the new one is.
    pub fn write(&self, record: &TokenRecord) -> Result<(), TokenError> {
        self.write_watched(record, &NoWatch)
    }

    pub(super) fn write_watched(
        &self,
        record: &TokenRecord,
        watch: &impl WriteWatch,
    ) -> Result<(), TokenError> {
        let entry = &self.entry;
        let path = entry.path();
        let key = entry.key()?;
        let sealed = record
            .to_json()
            .and_then(|json| seal::seal(&key, &entry.name(), json));
        let content = sealed.ok_or_else(|| TokenError::Unsealed(path.clone()))?;
        files::replace(&path, &entry.file("new"), &content, watch)
            .map_err(|source| TokenError::of_write(&path, source))
    }

    /// Removes the stored record. Returns whether there was one. Needs no key.
    ///
    /// # Errors
    ///
    /// [`TokenError`]: `ReadOnly` and `Unwritable`.
    pub fn remove(&self) -> Result<bool, TokenError> {
        let path = self.entry.path();
        let removed = || -> io::Result<bool> {
            files::remove(&self.entry.file("new"))?;
            files::remove(&self.entry.file("failure"))?;
            let was_there = files::remove(&path)?;
            files::sync_folder(&self.entry.folder)?;
            Ok(was_there)
        };
        removed().map_err(|source| TokenError::of_write(&path, source))
    }
}
