//! Compiled code on disk, so that a restart doesn't compile everything again.
//!
//! Loading compiled code means running it. So a file is used only if nobody but this user or root can have written it,
//! and only with the digest that was recorded when it was written. All checks are made on the open file, and the same
//! open file is mapped: the path may point elsewhere by then.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::cache_file::{EntryFault, TrustFault, check_owner, open_trusted};
use super::cache_room::CacheRoom;
use crate::platform;
use crate::report::hexadecimal;

/// The length of a SHA-256 digest in hexadecimal digits.
const DIGEST_DIGITS: u64 = 64;

/// A folder of compiled components. An entry is a pair of files, `KEY.cwasm` and its digest `KEY.sha256`. The key is a
/// digest of the component and of the engine settings that affect the code. The recorded digest is of key and code, so
/// that one entry can't replace another. The functions of projects' last builds are entries too, with `KEY.functions`
/// instead of `KEY.cwasm`.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    room: CacheRoom,
}

/// Why a folder can't be used as a cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The folder can't be created or inspected.
    #[error("it can't be created")]
    Io(#[from] io::Error),
    /// Someone else could write to the folder, and so replace one connector's code by another's.
    #[error(transparent)]
    Untrusted(#[from] TrustFault),
}

/// The recorded digest of an entry, in its open file.
struct DigestRecord {
    file: File,
    recorded: String,
}

impl Cache {
    /// A cache in `folder`, which is created for this user alone if it is missing. It holds `limit_bytes`, and more only
    /// if the components that are loaded need more.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if the folder can't be created, or others may write to it.
    pub fn new(folder: PathBuf, limit_bytes: u64) -> Result<Self, CacheError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        check_owner(&std::fs::metadata(&folder)?)?;
        Ok(Self {
            folder,
            room: CacheRoom::new(limit_bytes),
        })
    }

    /// The component under this key, if the entry is valid. An invalid entry is reported, and left to be overwritten.
    pub(super) fn get(&self, engine: &Engine, key: &Arc<str>) -> Option<Component> {
        let path = self.path(key, "cwasm");
        match self.read(engine, key, &path) {
            Ok(component) => Some(component),
            Err(EntryFault::Read(error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(refused) => {
                tracing::warn!(
                    path = %path.display(),
                    cause = crate::report::chain(&refused),
                    "cached code refused; compiling the component again"
                );
                None
            }
        }
    }

    /// Whether there is an entry under this key, valid or not.
    pub(super) fn holds(&self, key: &str) -> bool {
        ["cwasm", "sha256"]
            .iter()
            .all(|ending| self.path(key, ending).is_file())
    }

    /// Stores `code` under this key, and maps it from the file, so that its pages can be returned to the system. Code
    /// that the engine refuses is not stored.
    pub(super) fn put(
        &self,
        engine: &Engine,
        key: &Arc<str>,
        code: &[u8],
    ) -> Result<Component, EntryFault> {
        let written = self.write(code).map_err(EntryFault::Write)?;
        let path = self.path(key, "cwasm");
        let component = load(engine, CompiledCode::In(written.as_file(), written.path()))
            .map_err(|error| EntryFault::Engine(error.into_boxed_dyn_error()))?;
        self.name(key, code, written, &path)?;
        Ok(component)
    }

    /// The functions under this key, if the entry is valid. An invalid entry is reported, and left to be overwritten.
    pub(super) fn functions(&self, key: &Arc<str>) -> Option<Vec<u8>> {
        match self.read_functions(key) {
            Ok(functions) => Some(functions),
            Err(EntryFault::Read(error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(refused) => {
                tracing::warn!(
                    path = %self.path(key, "functions").display(),
                    cause = crate::report::chain(&refused),
                    "cached functions refused; compiling all functions again"
                );
                None
            }
        }
    }

    fn read_functions(&self, key: &Arc<str>) -> Result<Vec<u8>, EntryFault> {
        let record = self.record(key)?;
        let mut functions = Vec::new();
        open_trusted(&self.path(key, "functions"))?
            .read_to_end(&mut functions)
            .map_err(EntryFault::Read)?;
        record.check(Sha256::new_with_prefix(&**key).chain_update(&functions))?;
        self.room.record_use(key, &record.file);
        Ok(functions)
    }

    /// Stores the functions of a project's last build. If that fails, it is reported, and the next build takes longer.
    pub(super) fn put_functions(&self, key: &Arc<str>, functions: &[u8]) {
        let path = self.path(key, "functions");
        let written = self.write(functions).map_err(EntryFault::Write);
        if let Err(error) = written.and_then(|written| self.name(key, functions, written, &path)) {
            let cause = crate::report::chain(&error);
            tracing::warn!(folder = %self.folder.display(), cause, "compiled functions could not be cached; the next build compiles all of them again");
        }
    }

    /// Makes an entry of a file that has been written, at its path.
    fn name(
        &self,
        key: &Arc<str>,
        content: &[u8],
        written: NamedTempFile,
        path: &Path,
    ) -> Result<(), EntryFault> {
        let digest = Sha256::new_with_prefix(&**key).chain_update(content);
        let digest = hexadecimal(&digest.finalize());
        let digest = self.write(digest.as_bytes()).map_err(EntryFault::Write)?;
        self.room.record_use(key, digest.as_file());
        // The content is moved first: an entry without a digest counts as missing.
        for (file, path) in [(written, path), (digest, &path.with_extension("sha256"))] {
            file.persist(path)
                .map_err(|error| EntryFault::Write(error.error))?;
        }
        self.limit_size();
        Ok(())
    }

    /// Removes entries until the folder is within its limit.
    fn limit_size(&self) {
        match self.room.make(&self.folder) {
            Ok(0) => {}
            Ok(bytes) => tracing::debug!(
                bytes,
                "removed compiled code that had not been used recently"
            ),
            Err(error) => {
                let cause = crate::report::chain(&error);
                tracing::warn!(folder = %self.folder.display(), cause, "can't list the cache folder, so its size is not limited");
            }
        }
    }

    /// Reports that valid code could not be stored.
    pub(super) fn report_not_kept(&self, error: &EntryFault) {
        tracing::warn!(
            folder = %self.folder.display(),
            cause = crate::report::chain(error),
            "compiled code could not be cached; the next start compiles it again"
        );
    }

    fn read(&self, engine: &Engine, key: &Arc<str>, path: &Path) -> Result<Component, EntryFault> {
        let record = self.record(key)?;
        let mut file = open_trusted(path)?;
        let mut digest = Sha256::new_with_prefix(&**key);
        io::copy(&mut file, &mut digest).map_err(EntryFault::Read)?;
        record.check(digest)?;
        let component = load(engine, CompiledCode::In(&file, path))
            .map_err(|error| EntryFault::Engine(error.into_boxed_dyn_error()))?;
        self.room.record_use(key, &record.file);
        Ok(component)
    }

    /// The recorded digest of an entry.
    fn record(&self, key: &str) -> Result<DigestRecord, EntryFault> {
        let file = open_trusted(&self.path(key, "sha256"))?;
        let mut recorded = String::new();
        (&file)
            .take(DIGEST_DIGITS)
            .read_to_string(&mut recorded)
            .map_err(EntryFault::Read)?;
        Ok(DigestRecord { file, recorded })
    }

    /// The path of one of an entry's files.
    fn path(&self, key: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{key}.{ending}"))
    }

    /// Writes an unnamed file with mode 0600, so that the entry appears as a whole or not at all.
    fn write(&self, content: &[u8]) -> io::Result<NamedTempFile> {
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(content)?;
        Ok(file)
    }
}

impl DigestRecord {
    fn check(&self, found: Sha256) -> Result<(), EntryFault> {
        if hexadecimal(&found.finalize()) == self.recorded {
            Ok(())
        } else {
            Err(EntryFault::Digest)
        }
    }
}

/// Compiled code to be run.
#[derive(Clone, Copy)]
pub(super) enum CompiledCode<'a> {
    /// In an open file, which is at this path.
    In(&'a File, &'a Path),
    InMemory(&'a [u8]),
}

/// Loads compiled code: code that this process or its compiler has just produced, or a cache entry that has been
/// checked.
#[allow(
    unsafe_code,
    reason = "running compiled code is unsafe by nature; it is our own"
)]
pub(super) fn load(engine: &Engine, code: CompiledCode<'_>) -> wasmtime::Result<Component> {
    match code {
        CompiledCode::In(file, path) => {
            // This names the open file itself, even if its path now points elsewhere.
            let descriptor = platform::descriptor_path(file);
            let path = if descriptor.exists() {
                &descriptor
            } else {
                path
            };
            // SAFETY: the file has the output of the engine's compiler: it was written just now, with mode 0600, or its
            // digest is the recorded one; and nobody but this user or root could write to it or to the digest.
            unsafe { Component::deserialize_file(engine, path) }
        }
        // SAFETY: the bytes are the output of the engine's compiler, in this process or through a pipe from the program
        // that this host trusts like itself.
        CompiledCode::InMemory(bytes) => unsafe { Component::deserialize(engine, bytes) },
    }
}
