//! The keys of the store, which may be replaced while a host runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::key::{TokenKey, TokenKeyError};
use crate::config::{KeyFileError, KeyLine};
use crate::followed_file::{FollowTexts, FollowedFile};
use crate::report;

const TEXTS: FollowTexts = FollowTexts {
    unusable: "the keys of stored tokens can't be read again (--token-key-file), so the previous ones stay valid",
    silent: "the file of the keys of stored tokens doesn't respond (--token-key-file), so the previous ones stay valid",
    usable: "the keys of stored tokens can be read again (--token-key-file)",
};

/// The keys of a store. The first one encrypts; each of them decrypts what was encrypted with it. None for a store whose
/// tokens can only be removed.
#[derive(Debug)]
pub struct TokenKeys(TokenKeySource);

#[derive(Debug)]
enum TokenKeySource {
    /// They stay the same.
    Fixed(Arc<Vec<TokenKey>>),
    /// They are those of this file, which has at least one.
    File {
        path: PathBuf,
        keys: Box<FollowedFile<Vec<TokenKey>>>,
    },
}

impl From<Option<TokenKey>> for TokenKeys {
    fn from(key: Option<TokenKey>) -> Self {
        Self::fixed(key)
    }
}

impl TokenKeys {
    fn fixed(keys: impl IntoIterator<Item = TokenKey>) -> Self {
        Self(TokenKeySource::Fixed(Arc::new(distinct(keys))))
    }

    /// The keys in a text, with white space between them. A key that occurs again counts once.
    ///
    /// # Errors
    ///
    /// [`TokenKeyError`] for the first text that is not a key; `Empty` if there is none.
    pub fn parse(text: &str) -> Result<Self, TokenKeyError> {
        let keys: Vec<TokenKey> = text
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
        let keys = keys_of(&file, KeyLine::read_in_time(&file))?;
        let path = file.clone();
        // The first use reads the file again, since it may have changed meanwhile.
        let keys = FollowedFile::new([file.clone()], TEXTS, keys, move |files| {
            Ok(keys_of(&path, KeyLine::read_all(&path, files))?)
        });
        let keys = Box::new(keys);
        Ok(Self(TokenKeySource::File { path: file, keys }))
    }

    /// The file that has the keys; `None` if they are from elsewhere.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.0 {
            TokenKeySource::Fixed(_) => None,
            TokenKeySource::File { path, .. } => Some(path),
        }
    }

    /// Whether there are any. Doesn't read the file: it has always had one, since a file without keys replaces none.
    pub(super) fn are_known(&self) -> bool {
        match &self.0 {
            TokenKeySource::Fixed(keys) => !keys.is_empty(),
            TokenKeySource::File { .. } => true,
        }
    }

    /// The keys that count now, no key twice. Blocks while the file is read. Call this under the lock of the entry that they
    /// are used for: then a rotation, which changes the file before it locks any entry, never meets a token that was
    /// encrypted with a key from before.
    pub(super) fn current(&self) -> Arc<Vec<TokenKey>> {
        match &self.0 {
            TokenKeySource::Fixed(keys) => keys.clone(),
            TokenKeySource::File { keys, .. } => keys.refresh(),
        }
    }

    /// What tells these keys from others, without revealing anything else about them. `None` if they are from a file, which
    /// is followed.
    pub(crate) fn fingerprint(&self) -> Option<String> {
        match &self.0 {
            TokenKeySource::Fixed(keys) => {
                let ids = keys.iter().map(|key| report::hexadecimal(&key.id()));
                Some(Vec::from_iter(ids).join(" "))
            }
            TokenKeySource::File { .. } => None,
        }
    }
}

/// The keys without those that have occurred before.
fn distinct(keys: impl IntoIterator<Item = TokenKey>) -> Vec<TokenKey> {
    let mut all: Vec<TokenKey> = Vec::new();
    for key in keys {
        if !all.contains(&key) {
            all.push(key);
        }
    }
    all
}

fn keys_of(
    file: &Path,
    lines: Result<Vec<KeyLine>, KeyFileError>,
) -> Result<Vec<TokenKey>, TokenKeyFileError> {
    let lines = lines?;
    let keys = lines.iter().map(|line| {
        TokenKey::parse(line.text.expose()).map_err(|source| TokenKeyFileError::Key {
            path: file.to_owned(),
            line: line.number,
            source,
        })
    });
    Ok(distinct(keys.collect::<Result<Vec<_>, _>>()?))
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
    fn key_that_occurs_again_in_any_form_counts_once() {
        let [one, other] = [(); 2].map(|()| TokenKey::random().unwrap());
        let form = |key: &TokenKey| key.to_base64().to_string();
        let unpadded = form(&one).trim_end_matches('=').to_owned();
        let all = [form(&one), unpadded, form(&other), form(&one)];
        let keys = TokenKeys::parse(&all.join(" ")).unwrap();
        assert_eq!(ids(&keys), [one.id(), other.id()]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, all.join("\n")).unwrap();
        let keys = TokenKeys::read(path).unwrap();
        assert_eq!(ids(&keys), [one.id(), other.id()]);
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
