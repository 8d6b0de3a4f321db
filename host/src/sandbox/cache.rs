//! Compiled code on disk, so that a restart doesn't compile everything again.
//!
//! Loading compiled code means running it, so a file is used only if nobody but this user or root can have written
//! it, and only with the digest that was recorded when it was written. All checks are made on the open file, and that
//! same file is mapped: what stands at the path by then doesn't matter.

use std::fs::{File, Metadata};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::report::hexadecimal;

/// Write permission of group and others.
const FOREIGN_WRITE: u32 = 0o022;
const REGULAR_FILE: u32 = 0o100_000;
const FILE_KIND: u32 = 0o170_000;
/// The length of a SHA-256 digest in hexadecimal digits.
const DIGEST_DIGITS: u64 = 64;

/// A folder of compiled components. An entry is a pair of files, `KEY.cwasm` and its digest `KEY.sha256`. The key is
/// a digest of the component and of everything in the engine's settings that shapes the code; the recorded digest is
/// of key and code, so that one entry can't be put in another's place.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

/// Why a folder or file could have been written by someone else.
#[derive(Debug, thiserror::Error)]
pub enum Untrusted {
    /// Another user owns it.
    #[error("it belongs to user {0}, not to this user or root")]
    Owner(u32),
    /// Its group or everyone may write to it.
    #[error("others may write to it (mode {0:o})")]
    Mode(u32),
}

/// Why a folder can't be a cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It can't be made or looked at.
    #[error("it can't be made")]
    Io(#[from] io::Error),
    /// Who can write to the folder could put one connector's code in another's place.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
}

/// Why an entry was not used.
#[derive(Debug, thiserror::Error)]
enum RefusedEntry {
    #[error("it can't be read")]
    Io(#[from] io::Error),
    #[error("it is no regular file")]
    NotAFile,
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    #[error("it does not have the recorded digest")]
    Digest,
    #[error("the engine refuses it")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Cache {
    /// A cache in `folder`, which is made, for this user alone, where it is missing.
    ///
    /// # Errors
    ///
    /// [`CacheError`] where the folder can't be made, or others may write to it.
    pub fn new(folder: PathBuf) -> Result<Self, CacheError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        check_owner(&std::fs::metadata(&folder)?)?;
        Ok(Self { folder })
    }

    /// The compiled form of `wasm`, if a sound entry is there. An unsound one is reported and left to be written anew.
    pub(super) fn get(&self, engine: &Engine, wasm: &[u8]) -> Option<Component> {
        let key = key(engine, wasm);
        let path = self.folder.join(format!("{key}.cwasm"));
        match self.read(engine, &key, &path) {
            Ok(component) => Some(component),
            Err(RefusedEntry::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(refused) => {
                tracing::warn!(
                    path = %path.display(),
                    cause = crate::report::chain(&refused),
                    "cached code refused; compiling anew"
                );
                None
            }
        }
    }

    /// Writes the compiled form of `wasm` and maps it from the file, so that its pages can be given back to the
    /// system. None where that fails, which is reported.
    pub(super) fn put(
        &self,
        engine: &Engine,
        wasm: &[u8],
        component: &Component,
    ) -> Option<Component> {
        let key = key(engine, wasm);
        let path = self.folder.join(format!("{key}.cwasm"));
        let written = component
            .serialize()
            .map_err(|error| RefusedEntry::Engine(error.into_boxed_dyn_error()))
            .and_then(|code| Ok(self.write(&key, &code)?))
            .and_then(|()| self.read(engine, &key, &path));
        match written {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(
                    path = %path.display(),
                    cause = crate::report::chain(&error),
                    "compiled code could not be cached; the next start compiles it again"
                );
                None
            }
        }
    }

    fn read(&self, engine: &Engine, key: &str, path: &Path) -> Result<Component, RefusedEntry> {
        let mut recorded = String::new();
        open_trusted(&self.folder.join(format!("{key}.sha256")))?
            .take(DIGEST_DIGITS)
            .read_to_string(&mut recorded)?;
        let mut file = open_trusted(path)?;
        let mut digest = Sha256::new_with_prefix(key);
        io::copy(&mut file, &mut digest)?;
        if hexadecimal(&digest.finalize()) != recorded {
            return Err(RefusedEntry::Digest);
        }
        map(engine, &file, path).map_err(|error| RefusedEntry::Engine(error.into_boxed_dyn_error()))
    }

    /// Each file appears whole or not at all. The code comes first: a digest without its code is a missing entry.
    fn write(&self, key: &str, code: &[u8]) -> io::Result<()> {
        let digest = Sha256::new_with_prefix(key).chain_update(code);
        let digest = hexadecimal(&digest.finalize());
        for (extension, content) in [("cwasm", code), ("sha256", digest.as_bytes())] {
            // Made with mode 0600.
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(content)?;
            file.persist(self.folder.join(format!("{key}.{extension}")))
                .map_err(|error| error.error)?;
        }
        Ok(())
    }
}

fn key(engine: &Engine, wasm: &[u8]) -> String {
    let mut settings = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let mut digest = Sha256::new();
    digest.update(env!("CARGO_PKG_VERSION"));
    digest.update(settings.finish().to_le_bytes());
    digest.update(wasm);
    hexadecimal(&digest.finalize())
}

fn open_trusted(path: &Path) -> Result<File, RefusedEntry> {
    let file = File::options()
        .read(true)
        .custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32)
        .open(path)?;
    let metadata = file.metadata()?;
    if metadata.mode() & FILE_KIND != REGULAR_FILE {
        return Err(RefusedEntry::NotAFile);
    }
    check_owner(&metadata)?;
    Ok(file)
}

fn check_owner(metadata: &Metadata) -> Result<(), Untrusted> {
    let owner = metadata.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(Untrusted::Owner(owner));
    }
    if metadata.mode() & FOREIGN_WRITE != 0 {
        return Err(Untrusted::Mode(metadata.mode() & 0o7777));
    }
    Ok(())
}

#[allow(
    unsafe_code,
    reason = "mapping compiled code is unsafe by nature; the file was checked to be our own"
)]
fn map(engine: &Engine, file: &File, path: &Path) -> wasmtime::Result<Component> {
    // On Linux this names the open file itself, whatever has come to stand at its path.
    let descriptor = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let path = if descriptor.exists() {
        &descriptor
    } else {
        path
    };
    // SAFETY: the file was written by `Cache::put` from `Component::serialize`: its digest is the recorded one, and
    // nobody but this user or root could write to it or to the digest.
    unsafe { Component::deserialize_file(engine, path) }
}
