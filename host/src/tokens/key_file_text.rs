//! The text of a key file, which a rotation changes without losing anything in it.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::TokenError;
use super::files::{self, WriteStep, WriteWatch};
use super::key::TokenKey;
use crate::config::{FileFault, ReadLimit, key_file, read_in_time};

/// The largest file of previous keys: more than a thousand of them.
const MAX_PREVIOUS_BYTES: usize = 64 << 10;

/// The text of a key file, with its comments.
pub(super) struct KeyFileText {
    /// Without links, so that the file itself is replaced.
    path: PathBuf,
    text: Zeroizing<String>,
}

impl KeyFileText {
    pub(super) fn read(path: &Path) -> Result<Self, TokenError> {
        let unreadable = |source| TokenError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let real = path.canonicalize().map_err(unreadable)?;
        let content =
            read_in_time(&real, ReadLimit::KEY).map_err(|fault| unreadable(system(fault)))?;
        match text_of(content) {
            Some(text) => Ok(Self { path: real, text }),
            None => Err(TokenError::KeyFileChanged(real)),
        }
    }

    /// Makes a new key, and puts it before all others.
    pub(super) fn add_new_key(&self, watch: &impl WriteWatch) -> Result<TokenKey, TokenError> {
        let key = TokenKey::random().map_err(|_| TokenError::Unsealed(self.path.clone()))?;
        let lines = key_file::lines(&self.text).map(|(_, line)| line);
        let first = key.to_base64();
        let text: Vec<&str> = std::iter::once(first.as_str()).chain(lines).collect();
        self.replace(&Zeroizing::new(text.join("\n")), watch)?;
        Ok(key)
    }

    /// Checks that the previous keys can be moved: `FILE.old` doesn't exist, or has nothing but keys.
    pub(super) fn check_place_of_previous(&self) -> Result<(), TokenError> {
        self.previous().map(drop)
    }

    /// Moves these previous keys to `FILE.old`, if `key` is still the first one. Returns that file; `None` if none of them is
    /// in the file any more. All other lines stay.
    pub(super) fn move_previous(
        &self,
        key: &TokenKey,
        previous: &[TokenKey],
        watch: &impl WriteWatch,
    ) -> Result<Option<PathBuf>, TokenError> {
        let lines = self.lines().ok_or_else(|| self.changed())?;
        let first = lines.iter().find_map(|(_, found)| found.as_ref());
        if first != Some(key) {
            return Err(self.changed());
        }
        let (moved, kept): (Vec<_>, Vec<_>) = lines
            .into_iter()
            .partition(|(_, found)| found.as_ref().is_some_and(|key| previous.contains(key)));
        if moved.is_empty() {
            return Ok(None);
        }
        let old = self.previous()?;
        let already = old.lines().unwrap_or_default();
        let mut text = Zeroizing::new(String::new());
        let mut keys: Vec<TokenKey> = Vec::new();
        for (line, found) in moved.into_iter().chain(already) {
            if let Some(found) = found {
                if keys.contains(&found) {
                    continue;
                }
                keys.push(found);
            }
            text.push_str(line);
            text.push('\n');
        }
        old.replace_like(&self.path, &text, watch)?;
        let mut text = Zeroizing::new(String::new());
        for (line, _) in kept {
            text.push_str(line);
            text.push('\n');
        }
        self.replace(&text, watch)?;
        Ok(Some(old.path))
    }

    /// The file of previous keys, empty if there is none.
    fn previous(&self) -> Result<Self, TokenError> {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".old");
        let path = PathBuf::from(name);
        let content = match files::read(&path) {
            Ok(content) => content.unwrap_or_default(),
            Err(source) => return Err(TokenError::Unreadable { path, source }),
        };
        let text = Some(content)
            .filter(|content| content.len() <= MAX_PREVIOUS_BYTES)
            .and_then(text_of);
        let old = text.map(|text| Self {
            path: path.clone(),
            text,
        });
        old.filter(|old| old.lines().is_some())
            .ok_or(TokenError::NotOfKeys(path))
    }

    /// The lines, without their ends, and the keys that are in them. `None` if one of them is neither a key, nor empty, nor a
    /// comment.
    fn lines(&self) -> Option<Vec<(&str, Option<TokenKey>)>> {
        let mut text = self.text.as_str();
        // Otherwise the text would have another line after the last one.
        text = text.strip_suffix('\n').unwrap_or(text);
        if text.is_empty() {
            return Some(Vec::new());
        }
        let lines = key_file::lines(text).map(|(_, line)| {
            if !key_file::is_key(line) {
                return Some((line, None));
            }
            Some((line, Some(TokenKey::parse(line).ok()?)))
        });
        lines.collect()
    }

    /// Replaces the file, by one for the same user and with the same permissions, unless somebody else has changed it. A new
    /// one is for this user alone.
    fn replace(&self, text: &str, watch: &impl WriteWatch) -> Result<(), TokenError> {
        self.replace_like(&self.path, text, watch)
    }

    /// The same; a new file is for the owner of `like` alone.
    fn replace_like(
        &self,
        like: &Path,
        text: &str,
        watch: &impl WriteWatch,
    ) -> Result<(), TokenError> {
        let unreadable = |source| TokenError::Unreadable {
            path: self.path.clone(),
            source,
        };
        if self.is_changed().map_err(unreadable)? {
            return Err(self.changed());
        }
        let watch = ChangeWatch {
            file: self,
            has_changed: Cell::new(false),
            watch,
        };
        let paths = (self.path.as_path(), Some(like));
        files::replace_alike(paths, &self.temporary(), text.as_bytes(), &watch).map_err(|source| {
            match watch.has_changed.get() {
                true => self.changed(),
                false => TokenError::of_write(&self.path, source),
            }
        })
    }

    /// Whether somebody else has changed the file since it was read.
    fn is_changed(&self) -> io::Result<bool> {
        let present = Zeroizing::new(files::read(&self.path)?.unwrap_or_default());
        Ok(*present != self.text.as_bytes())
    }

    fn changed(&self) -> TokenError {
        TokenError::KeyFileChanged(self.path.clone())
    }

    /// The new file, before it has the name of the old one. Nobody else has a file of this name, so one that is there is left
    /// of a rotation that was killed.
    fn temporary(&self) -> PathBuf {
        let mut name = std::ffi::OsString::from(".");
        name.push(self.path.file_name().unwrap_or_default());
        name.push(".weld-host-rotation");
        self.path.with_file_name(name)
    }
}

fn text_of(content: Vec<u8>) -> Option<Zeroizing<String>> {
    String::from_utf8(content).ok().map(Zeroizing::new)
}

/// The system's error, or the reason why nothing was read as one.
fn system(fault: FileFault) -> io::Error {
    match fault {
        FileFault::Io(error) => error,
        other => io::Error::other(other),
    }
}

/// Stops a write if somebody else has changed the file while the new one was being written, which may take seconds.
struct ChangeWatch<'a, W> {
    file: &'a KeyFileText,
    has_changed: Cell<bool>,
    watch: &'a W,
}

impl<W: WriteWatch> WriteWatch for ChangeWatch<'_, W> {
    fn step(&self, step: WriteStep) -> io::Result<()> {
        self.watch.step(step)?;
        if step == WriteStep::Synced && self.file.is_changed()? {
            self.has_changed.set(true);
            return Err(io::Error::other("somebody else has changed it"));
        }
        Ok(())
    }
}
