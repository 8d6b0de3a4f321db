//! The keys of the store, which may be replaced while a host runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::key::{TokenKey, TokenKeyError};
use crate::config::{FileStamp, KeyFileError, KeyLine};
use crate::lock::Mutex;
use crate::report;

/// The keys of a store. The first one encrypts; each of them decrypts what was encrypted with it. None for a store whose
/// tokens can only be removed.
#[derive(Debug)]
pub struct TokenKeys {
    /// The file that has the keys; `None` if they are from elsewhere, and stay the same.
    file: Option<PathBuf>,
    /// Whether there are any keys. That never changes, since a file without keys replaces none.
    are_known: bool,
    read: Mutex<ReadKeys>,
}

/// What was last read of a file of keys.
#[derive(Debug)]
struct ReadKeys {
    keys: Arc<[TokenKey]>,
    /// The file's stamp from before it was read.
    stamp: Option<FileStamp>,
    /// Why the last attempt failed, so that the log says it once.
    problem: Option<String>,
}

impl ReadKeys {
    fn new(keys: Arc<[TokenKey]>) -> Self {
        Self {
            keys,
            stamp: None,
            problem: None,
        }
    }
}

impl From<Option<TokenKey>> for TokenKeys {
    fn from(key: Option<TokenKey>) -> Self {
        Self::fixed(key.into_iter().collect())
    }
}

impl TokenKeys {
    fn fixed(keys: Arc<[TokenKey]>) -> Self {
        Self {
            file: None,
            are_known: !keys.is_empty(),
            read: Mutex::new(ReadKeys::new(keys)),
        }
    }

    /// The keys in a text, with white space between them.
    ///
    /// # Errors
    ///
    /// [`TokenKeyError`] for the first text that is not a key; `Empty` if there is none.
    pub fn parse(text: &str) -> Result<Self, TokenKeyError> {
        let keys: Arc<[TokenKey]> = text
            .split_whitespace()
            .map(TokenKey::parse)
            .collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(TokenKeyError::Empty);
        }
        Ok(Self::fixed(keys))
    }

    /// The keys in a file, one on each line. The file is read again whenever it has changed; if it then can't be used,
    /// the previous keys stay, and the log says why.
    ///
    /// # Errors
    ///
    /// [`TokenKeyFileError`].
    pub fn read(file: PathBuf) -> Result<Self, TokenKeyFileError> {
        let keys = keys_of(&file)?;
        Ok(Self {
            file: Some(file),
            are_known: !keys.is_empty(),
            // The first use reads the file again, since it may have changed meanwhile.
            read: Mutex::new(ReadKeys::new(keys)),
        })
    }

    /// The file that has the keys; `None` if they are from elsewhere.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether there are any. Doesn't read the file.
    pub(super) fn are_known(&self) -> bool {
        self.are_known
    }

    /// The keys that count now. Call this under the lock of the entry that they are used for: then a rotation, which
    /// changes the file before it locks any entry, never meets a token that was encrypted with a key from before.
    pub(super) fn current(&self) -> Arc<[TokenKey]> {
        let mut read = self.read.lock();
        let Some(file) = &self.file else {
            return read.keys.clone();
        };
        // From before the file is read: if it changes meanwhile, the next use reads it again.
        let stamp = FileStamp::of(file);
        if read.stamp != Some(stamp) {
            match keys_of(file) {
                Ok(keys) => {
                    read.keys = keys;
                    read.problem = None;
                }
                Err(error) => {
                    let problem = report::chain(&error);
                    if read.problem.as_ref() != Some(&problem) {
                        tracing::warn!(
                            problem,
                            "the keys of stored tokens can't be read again (--token-key-file), so the previous ones stay valid"
                        );
                    }
                    read.problem = Some(problem);
                    // The same file may be readable the next time.
                    if error.is_unreadable() {
                        return read.keys.clone();
                    }
                }
            }
            read.stamp = Some(stamp);
        }
        read.keys.clone()
    }
}

fn keys_of(file: &Path) -> Result<Arc<[TokenKey]>, TokenKeyFileError> {
    let lines = KeyLine::read_in_time(file)?;
    let keys = lines.iter().map(|line| {
        TokenKey::parse(line.text.expose()).map_err(|source| TokenKeyFileError::Key {
            path: file.to_owned(),
            line: line.number,
            source,
        })
    });
    keys.collect()
}

/// Why a file with keys of the store can't be used. No message contains a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenKeyFileError {
    /// The file can't be read, or has no keys.
    #[error(transparent)]
    File(#[from] KeyFileError),

    /// One of its lines is not a key.
    #[error("{}:{line}: this line is not a key", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The line, starting at 1.
        line: usize,
        /// Why.
        #[source]
        source: TokenKeyError,
    },
}

impl TokenKeyFileError {
    /// Whether the file could not be read, whatever it contains.
    fn is_unreadable(&self) -> bool {
        matches!(self, Self::File(KeyFileError::Unreadable { .. }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn ids(keys: &TokenKeys) -> Vec<[u8; 8]> {
        keys.current().iter().map(TokenKey::id).collect()
    }

    #[test]
    fn keys_of_a_file_are_those_of_its_current_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let [one, other] = [(); 2].map(|()| TokenKey::random().unwrap());
        let text = |key: &TokenKey| key.to_base64().to_string();
        fs::write(&path, format!("{}\n", text(&one))).unwrap();
        let keys = TokenKeys::read(path.clone()).unwrap();
        assert_eq!(ids(&keys), [one.id()]);
        let both = format!("# new\r\n{}\r\n\r\n{}\r\n", text(&other), text(&one));
        fs::write(&path, &both).unwrap();
        assert_eq!(ids(&keys), [other.id(), one.id()]);
        // What can't be used changes nothing.
        for broken in ["", "# nothing\n", "# new\r\nc2hvcnQ=", "password\n"] {
            fs::write(&path, broken).unwrap();
            assert_eq!(ids(&keys), [other.id(), one.id()], "{broken:?}");
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(ids(&keys), [other.id(), one.id()]);
        fs::write(&path, text(&other)).unwrap();
        assert_eq!(ids(&keys), [other.id()]);
        assert!(keys.are_known());
    }

    #[test]
    fn several_keys_are_read_from_a_text() {
        let [one, other] = [(); 2].map(|()| TokenKey::random().unwrap());
        let text = format!(" {}\n {} ", *one.to_base64(), *other.to_base64());
        assert_eq!(
            ids(&TokenKeys::parse(&text).unwrap()),
            [one.id(), other.id()]
        );
        for (text, expected) in [
            ("", TokenKeyError::Empty),
            (" \n", TokenKeyError::Empty),
            (
                &format!("{} password", *one.to_base64()),
                TokenKeyError::Length(6),
            ),
        ] {
            assert_eq!(
                TokenKeys::parse(text).expect_err(text),
                expected,
                "{text:?}"
            );
        }
        assert!(!TokenKeys::from(None).are_known());
    }

    #[test]
    fn line_that_is_not_a_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(
            &path,
            format!(
                "{}\nhunter2hunter2\n",
                *TokenKey::random().unwrap().to_base64()
            ),
        )
        .unwrap();
        let error = TokenKeys::read(path.clone()).expect_err("not a key");
        let told = report::chain(&error);
        assert!(
            told.starts_with(&format!("{}:2: this line is not a key: ", path.display())),
            "{told}"
        );
        assert!(
            told.contains("auth key") && !told.contains("hunter2"),
            "{told}"
        );
    }
}
