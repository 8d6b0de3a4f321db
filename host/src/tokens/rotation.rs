//! The rotation of the store's key: a new key, with which every token is encrypted.
//!
//! At every moment, the key file has the keys of all tokens: first the new key is added to it, then the tokens are
//! encrypted with it one by one, and only then are the other keys removed. A rotation that is interrupted anywhere is
//! continued by the next one. Running hosts read the key file again before they use a token.
//!
//! Somebody else may change the key file at the same time. The rotation then ends with an error, and removes no key.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::error::TokenError;
use super::files::{self, NoWatch, WriteWatch};
use super::folder::Folder;
use super::key::TokenKey;
use super::key_file_text::KeyFileText;
use super::seal::{self, SealFault};
use super::store::{Store, TokenEntry};

/// How long to wait for a token that a host renews.
const RENEWAL: Duration = Duration::from_secs(60);

/// How long to wait between two attempts to lock a token.
const PAUSE: Duration = Duration::from_millis(50);

/// The name of the lock in the tokens folder. No connector's name begins with a dot.
const LOCK: &str = ".rotation.lock";

/// What a rotation has done.
#[derive(Debug)]
#[non_exhaustive]
pub struct KeyRotation {
    /// Whether it made a new key. Otherwise, the first of several keys was the new one.
    pub has_new_key: bool,
    /// How many tokens are encrypted with the new key now that were not before.
    pub tokens: usize,
    /// Tokens that can't be encrypted with it, and why. If there are any, the previous keys stay where they are.
    pub failures: Vec<TokenError>,
    /// Where the previous keys are now; `None` if they stay where they are.
    pub previous_keys: Option<PathBuf>,
}

impl Store {
    /// Encrypts every token with a new key. If the store already has several keys, the first one is the new key, as after
    /// an interrupted rotation; a key that occurs again counts once. Otherwise one is made and put into the key file. At the
    /// end, the previous keys are moved from the key file to `FILE.old`, for backups; keys that are not from a file stay where
    /// they are, and so do those that somebody else has added meanwhile.
    ///
    /// # Errors
    ///
    /// [`TokenError`]: `NoKey`, `NoPlaceForKey`, `NotOfKeys`, `KeyFileChanged`, `RotationRunning`; `ReadOnly`, `Full` and `Unwritable` for the key file
    /// or the tokens folder; `Unsealed` if the system provides no random numbers. All of a rotation before the error
    /// stays valid.
    pub fn rotate_key(&self) -> Result<KeyRotation, TokenError> {
        self.rotate_key_watched(&NoWatch)
    }

    pub(super) fn rotate_key_watched(
        &self,
        watch: &impl WriteWatch,
    ) -> Result<KeyRotation, TokenError> {
        if self.keys().is_empty() {
            return Err(TokenError::NoKey);
        }
        let _lock = self.lock_rotation()?;
        let file = self.key_file().map(KeyFileText::read).transpose()?;
        if let Some(file) = &file {
            file.check_place_of_previous()?;
        }
        // Again, since another rotation may have just ended.
        let before = self.keys();
        let (key, has_new_key) = match (before.as_slice(), &file) {
            ([first, _, ..], _) => (first.clone(), false),
            (_, None) => return Err(TokenError::NoPlaceForKey),
            (_, Some(file)) => (file.add_new_key(watch)?, true),
        };
        // What running hosts find in the file. If someone else has changed it meanwhile, it may be something else.
        let keys = self.keys();
        let (first, others) = match keys.split_first() {
            Some((first, others)) if !others.is_empty() => (first, others),
            _ => return Err(self.key_file_changed()),
        };
        if *first != key {
            return Err(self.key_file_changed());
        }
        let mut rotation = KeyRotation {
            has_new_key,
            tokens: 0,
            failures: Vec::new(),
            previous_keys: None,
        };
        for entry in self.entries()? {
            match entry.reseal(&key, watch) {
                Ok(true) => rotation.tokens += 1,
                Ok(false) => {}
                Err(error) => rotation.failures.push(error),
            }
        }
        if rotation.failures.is_empty()
            && let Some(file) = self.key_file()
        {
            let file = KeyFileText::read(file)?;
            rotation.previous_keys = file.move_previous(&key, others, watch)?;
        }
        Ok(rotation)
    }

    fn key_file_changed(&self) -> TokenError {
        let file = self.key_file().unwrap_or(self.folder());
        TokenError::KeyFileChanged(file.to_owned())
    }

    fn lock_rotation(&self) -> Result<File, TokenError> {
        let folder = self.folder();
        let path = folder.join(LOCK);
        let folder = Folder::make(folder).map_err(|source| TokenError::of_write(folder, source))?;
        let file = folder
            .open_lock(LOCK.as_ref())
            .map_err(|source| TokenError::of_write(&path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(TokenError::RotationRunning),
            Err(TryLockError::Error(source)) => Err(TokenError::of_write(&path, source)),
        }
    }

    /// The entries of all tokens in the folder, sorted.
    fn entries(&self) -> Result<Vec<TokenEntry>, TokenError> {
        let mut found = BTreeSet::new();
        for folder in names(self.folder())? {
            let path = self.folder().join(&folder);
            if !path.is_dir() {
                continue;
            }
            for file in names(&path)? {
                if let Some(credential) = file.strip_suffix(".token") {
                    found.insert((folder.clone(), credential.to_owned()));
                }
            }
        }
        // Other files are not this store's.
        let entries = found
            .iter()
            .filter_map(|(connector, credential)| self.entry(connector, credential).ok());
        Ok(entries.collect())
    }
}

/// The names in a folder that are text.
fn names(folder: &Path) -> Result<Vec<String>, TokenError> {
    let unreadable = |source| TokenError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        names.extend(entry.map_err(unreadable)?.file_name().into_string());
    }
    Ok(names)
}

impl TokenEntry {
    /// Encrypts the stored record with this key. Returns whether it was encrypted with another one before.
    fn reseal(&self, key: &TokenKey, watch: &impl WriteWatch) -> Result<bool, TokenError> {
        let began = Instant::now();
        let _lock = loop {
            match self.try_lock()? {
                Some(lock) => break lock,
                None if began.elapsed() < RENEWAL => thread::sleep(PAUSE),
                None => return Err(self.held()),
            }
        };
        let path = self.path();
        let content = match files::read(&path) {
            Ok(Some(content)) => content,
            // It was removed meanwhile.
            Ok(None) => return Ok(false),
            Err(source) => return Err(TokenError::Unreadable { path, source }),
        };
        match seal::unseal(key, &self.name(), &content) {
            Err(SealFault::AnotherKey) => {}
            Ok(_) => return Ok(false),
            Err(fault) => return Err(fault.at(path)),
        }
        // As it is, since a newer host may have written more than this one knows.
        let record = self.unseal(&content)?;
        let sealed = seal::seal(key, &self.name(), record);
        let content = sealed.ok_or_else(|| TokenError::Unsealed(path.clone()))?;
        // Root may rotate the tokens of a service, which must still be able to read them.
        files::replace_alike((&path, None), &self.file("new"), &content, watch)
            .map_err(|source| TokenError::of_write(&path, source))?;
        Ok(true)
    }
}
