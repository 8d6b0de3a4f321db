//! Compiled code on disk, so that a restart doesn't compile everything again.
//!
//! Loading compiled code means running it. So a file is used only if nobody but this user or root can have written it,
//! and only with the digest that was recorded when it was written. All checks are made on the open file, and the same
//! open file is mapped: the path may point elsewhere by then.

use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::cache_room::CacheRoom;
use crate::report::hexadecimal;

/// Write permission of the group and of others.
const FOREIGN_WRITE: u32 = 0o022;
const REGULAR_FILE: u32 = 0o100_000;
const FILE_KIND: u32 = 0o170_000;
/// The length of a SHA-256 digest in hexadecimal digits.
const DIGEST_DIGITS: u64 = 64;

/// A folder of compiled components. An entry is a pair of files, `KEY.cwasm` and its digest `KEY.sha256`. The key is a
/// digest of the component and of the engine settings that affect the code. The recorded digest is of key and code, so
/// that one entry can't replace another.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    room: CacheRoom,
}

/// Why someone else could have written a folder or file.
#[derive(Debug, thiserror::Error)]
pub enum TrustFault {
    /// Another user owns it.
    #[error("it belongs to user {0}, but must belong to this user or root")]
    Owner(u32),
    /// Its group or everyone may write to it.
    #[error("others may write to it (mode {0:o}): remove that permission")]
    Mode(u32),
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

/// Why an entry was not used or not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum EntryFault {
    #[error("it can't be read")]
    Read(#[source] io::Error),
    #[error("it can't be written (choose another folder with --cache)")]
    Write(#[source] io::Error),
    #[error("it is not a regular file")]
    NotAFile,
    #[error(transparent)]
    Untrusted(#[from] TrustFault),
    #[error("its digest differs from the recorded one")]
    Digest,
    #[error("the engine refuses it")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
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
        let path = self.folder.join(format!("{key}.cwasm"));
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
            .all(|ending| self.folder.join(format!("{key}.{ending}")).is_file())
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
        let path = self.folder.join(format!("{key}.cwasm"));
        let component = load(engine, CompiledCode::In(written.as_file(), written.path()))
            .map_err(|error| EntryFault::Engine(error.into_boxed_dyn_error()))?;
        let digest = Sha256::new_with_prefix(&**key).chain_update(code);
        let digest = hexadecimal(&digest.finalize());
        let digest = self.write(digest.as_bytes()).map_err(EntryFault::Write)?;
        self.room.record_use(key, digest.as_file());
        // The code is moved first: an entry without a digest counts as missing.
        for (file, path) in [(written, &path), (digest, &path.with_extension("sha256"))] {
            file.persist(path)
                .map_err(|error| EntryFault::Write(error.error))?;
        }
        self.limit_size();
        Ok(component)
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
        let mut recorded = String::new();
        let record = open_trusted(&self.folder.join(format!("{key}.sha256")))?;
        (&record)
            .take(DIGEST_DIGITS)
            .read_to_string(&mut recorded)
            .map_err(EntryFault::Read)?;
        let mut file = open_trusted(path)?;
        let mut digest = Sha256::new_with_prefix(&**key);
        io::copy(&mut file, &mut digest).map_err(EntryFault::Read)?;
        if hexadecimal(&digest.finalize()) != recorded {
            return Err(EntryFault::Digest);
        }
        let component = load(engine, CompiledCode::In(&file, path))
            .map_err(|error| EntryFault::Engine(error.into_boxed_dyn_error()))?;
        self.room.record_use(key, &record);
        Ok(component)
    }

    /// Writes an unnamed file with mode 0600, so that the entry appears as a whole or not at all.
    fn write(&self, content: &[u8]) -> io::Result<NamedTempFile> {
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(content)?;
        Ok(file)
    }
}

fn open_trusted(path: &Path) -> Result<File, EntryFault> {
    let file = File::options()
        .read(true)
        .custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32)
        .open(path)
        .map_err(EntryFault::Read)?;
    let metadata = file.metadata().map_err(EntryFault::Read)?;
    if metadata.mode() & FILE_KIND != REGULAR_FILE {
        return Err(EntryFault::NotAFile);
    }
    check_owner(&metadata)?;
    Ok(file)
}

fn check_owner(metadata: &Metadata) -> Result<(), TrustFault> {
    let owner = metadata.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(TrustFault::Owner(owner));
    }
    if metadata.mode() & FOREIGN_WRITE != 0 {
        return Err(TrustFault::Mode(metadata.mode() & 0o7777));
    }
    Ok(())
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
            // On Linux this names the open file itself, even if its path now points elsewhere.
            let descriptor = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
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
