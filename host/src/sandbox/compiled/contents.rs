//! The contents of a compiled file, which nobody can change any more.
//!
//! Code is mapped from a file. If that file were written to while its code runs, as `cp` onto it does, the running code
//! would change. A file on a file system of a kind that nobody can write to, such as squashfs, is mapped as it is. Of any
//! other file, a copy in memory is mapped, even if it is mounted read-only: it may be writable by another path.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::PathBuf;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::fault::CompiledFault;
use super::record::CompiledRecord;
use crate::platform;
use crate::sandbox::cache::{CompiledCode, load};

/// The contents of a compiled file.
pub(super) enum CompiledContents {
    /// A file on a file system that nobody can write to, or a sealed copy in memory, with its path as a descriptor.
    Mappable(File, PathBuf),
    /// A copy, where the system has no sealed files or no paths of descriptors.
    Copy(Vec<u8>),
}

impl CompiledContents {
    /// The contents of an open file.
    ///
    /// # Errors
    ///
    /// It can't be read.
    pub(super) fn of(mut file: File) -> io::Result<Self> {
        if platform::is_fixed_code(&file) {
            if let Some(path) = descriptor(&file) {
                return Ok(Self::Mappable(file, path));
            }
        } else if let Ok(copy) = platform::sealed_copy(&mut file)
            && let Some(path) = descriptor(&copy)
        {
            return Ok(Self::Mappable(copy, path));
        }
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        Ok(Self::Copy(bytes))
    }

    /// Reads the record, and checks the digest.
    ///
    /// # Errors
    ///
    /// As [`CompiledRecord::read`].
    pub(super) fn record(&mut self) -> Result<CompiledRecord, CompiledFault> {
        match self {
            Self::Mappable(file, _) => CompiledRecord::read(file),
            Self::Copy(bytes) => CompiledRecord::read(&mut Cursor::new(bytes)),
        }
    }

    /// The code. The record must have been read and checked.
    ///
    /// # Errors
    ///
    /// The engine refuses it.
    pub(super) fn code(&self, engine: &Engine) -> wasmtime::Result<Component> {
        let code = match self {
            Self::Mappable(file, path) => CompiledCode::In(file, path),
            Self::Copy(bytes) => CompiledCode::InMemory(bytes),
        };
        load(engine, code)
    }
}

/// The path that names the open file itself; `None` if the system has none.
fn descriptor(file: &File) -> Option<PathBuf> {
    let path = platform::descriptor_path(file);
    path.exists().then_some(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_that_changes_later_leaves_its_contents_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "before").unwrap();
        let mut contents = CompiledContents::of(File::open(&path).unwrap()).unwrap();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .write_all(b"after!")
            .unwrap();
        let CompiledContents::Mappable(copy, descriptor) = &mut contents else {
            panic!("this system seals files");
        };
        let mut text = String::new();
        copy.rewind().unwrap();
        copy.read_to_string(&mut text).unwrap();
        assert_eq!(text, "before");
        let reopened = File::options().write(true).open(descriptor);
        let written = reopened.and_then(|mut copy| copy.write_all(b"after!"));
        assert!(written.is_err(), "it is sealed");
    }
}
