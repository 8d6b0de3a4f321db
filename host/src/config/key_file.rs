//! Files with keys: one on each line. Empty lines and lines that begin with `#` don't count.

use std::path::{Path, PathBuf};

use super::reading::{FileFault, FileSystem, ReadLimit, read_in_time};
use super::secret::{KeyError, Secret};

/// The most keys in one file. Each is compared with the key of each request.
const MAX_KEYS: usize = 100;

/// One line of a key file that is a key, of unchecked form.
#[derive(Clone, Debug)]
pub struct KeyLine {
    /// The line's number, starting at 1.
    pub number: usize,
    /// The line without its end.
    pub text: Secret,
}

impl KeyLine {
    /// Reads a file; there is at least one key in it.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`], except `Unusable`.
    pub fn read_all(path: &Path, files: &dyn FileSystem) -> Result<Vec<Self>, KeyFileError> {
        Self::all_of(path, files.read(path, ReadLimit::KEY))
    }

    /// The same for a command that can't continue without it: stops waiting if the file does not respond in time.
    ///
    /// # Errors
    ///
    /// As [`KeyLine::read_all`].
    pub fn read_in_time(path: &Path) -> Result<Vec<Self>, KeyFileError> {
        Self::all_of(path, read_in_time(path, ReadLimit::KEY))
    }

    fn all_of(path: &Path, content: Result<Vec<u8>, FileFault>) -> Result<Vec<Self>, KeyFileError> {
        let path = || path.to_owned();
        let content = content.map_err(|source| KeyFileError::Unreadable {
            path: path(),
            source,
        })?;
        let text = String::from_utf8(content).map_err(|_| KeyFileError::NotText(path()))?;
        let keys: Vec<Self> = lines(&text)
            .filter(|(_, line)| is_key(line))
            .map(|(number, line)| Self {
                number,
                text: Secret::new(line),
            })
            .collect();
        match keys.len() {
            0 => Err(KeyFileError::Empty(path())),
            1..=MAX_KEYS => Ok(keys),
            _ => Err(KeyFileError::TooMany(path())),
        }
    }

    /// The keys of these lines of a file, if clients can send each of them.
    ///
    /// # Errors
    ///
    /// [`KeyFileError::Unusable`] for the first key that no client can send.
    pub fn as_client_keys(all: &[Self], path: &Path) -> Result<Vec<Secret>, KeyFileError> {
        let keys = all.iter().map(|line| match line.text.check_as_key() {
            Ok(()) => Ok(line.text.clone()),
            Err(source) => Err(KeyFileError::Unusable {
                path: path.to_owned(),
                line: line.number,
                source,
            }),
        });
        keys.collect()
    }
}

/// The lines of a key file with their numbers, starting at 1, without their ends and the mark of UTF-8 that some editors
/// put before the first one.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.split('\n');
    (1..).zip(lines.map(|line| line.strip_suffix('\r').unwrap_or(line)))
}

/// Whether a line of a key file is a key.
pub(crate) fn is_key(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#')
}

/// Why a key file can't be used. No message contains a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file can't be read.
    #[error("the key file {} can't be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: FileFault,
    },

    /// The file is not text.
    #[error("the key file {} is not UTF-8", .0.display())]
    NotText(PathBuf),

    /// There is no key in it.
    #[error(
        "the key file {} has no key: write one on each line; empty lines and lines that begin with `#` don't count",
        .0.display()
    )]
    Empty(PathBuf),

    /// There are too many keys in it.
    #[error("the key file {} has more than {MAX_KEYS} keys: remove those that nobody uses", .0.display())]
    TooMany(PathBuf),

    /// No client can send one of the keys.
    #[error("{}:{line}: this key can't be sent by a client", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The line, starting at 1.
        line: usize,
        /// Why.
        #[source]
        source: KeyError,
    },
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::reading::SystemFiles;
    use crate::report;
    use crate::samples::{messages, samples};

    fn read(content: &[u8]) -> Result<Vec<(usize, String)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        fs::write(&path, content).unwrap();
        let keys = KeyLine::read_all(&path, &SystemFiles).and_then(|lines| {
            let keys = KeyLine::as_client_keys(&lines, &path)?;
            let numbers = lines.iter().map(|line| line.number);
            Ok(numbers
                .zip(keys.iter().map(|key| key.expose().to_owned()))
                .collect())
        });
        let folder = format!("{}/", folder.path().display());
        keys.map_err(|error| report::chain(&error).replace(&folder, ""))
    }

    #[test]
    fn each_line_is_a_key_except_empty_ones_and_comments() {
        for (content, expected) in [
            ("one", &[(1, "one")][..]),
            ("one\n", &[(1, "one")]),
            ("one\r\n", &[(1, "one")]),
            ("\u{feff}one\n", &[(1, "one")]),
            ("new\nold\n", &[(1, "new"), (2, "old")]),
            (
                "# since May\r\nnew\r\n\r\n  \r\n  # until June\r\nold",
                &[(2, "new"), (6, "old")],
            ),
            ("two words\n", &[(1, "two words")]),
            ("a#b\n", &[(1, "a#b")]),
            ("same\nsame\n", &[(1, "same"), (2, "same")]),
        ] {
            let expected = expected
                .iter()
                .map(|(line, key)| (*line, (*key).to_owned()));
            assert_eq!(
                read(content.as_bytes()),
                Ok(expected.collect()),
                "{content:?}"
            );
        }
        let most = |keys: usize| read("key\n".repeat(keys).as_bytes()).map(|keys| keys.len());
        assert_eq!(most(MAX_KEYS), Ok(MAX_KEYS));
        assert!(most(MAX_KEYS + 1).is_err());
    }

    #[test]
    fn file_without_usable_keys_is_refused_by_its_name_and_line() {
        for (content, expected) in [
            (&b""[..], "the key file keys has no key"),
            (b"\n \n# key\n", "the key file keys has no key"),
            (b"key\xff", "the key file keys is not UTF-8"),
            (
                b"good\n key",
                "keys:2: this key can't be sent by a client: the key begins or ends with white space",
            ),
            (b"key ", "keys:1: "),
            (
                b"good\n\na\0b",
                "keys:3: this key can't be sent by a client: the key contains a line break or another",
            ),
            (b"a\rb", "keys:1: "),
        ] {
            let error = read(content).expect_err(expected);
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn operators_read_these_errors() {
        let path = || PathBuf::from("/run/keys");
        let all = samples!(KeyFileError:
            KeyFileError::Unreadable { .. } => KeyFileError::Unreadable {
                path: path(),
                source: FileFault::TooLarge(ReadLimit::KEY),
            },
            KeyFileError::NotText(_) => KeyFileError::NotText(path()),
            KeyFileError::Empty(_) => KeyFileError::Empty(path()),
            KeyFileError::TooMany(_) => KeyFileError::TooMany(path()),
            KeyFileError::Unusable { .. } => KeyFileError::Unusable {
                path: path(),
                line: 2,
                source: KeyError::SurroundingSpace,
            },
        );
        insta::assert_snapshot!(messages(&all));
    }
}
