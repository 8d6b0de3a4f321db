//! A compiled file that has been opened and checked.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::contents::CompiledContents;
use super::fault::CompiledFault;
use super::kept::KeptFile;
use super::record::CompiledRecord;
use crate::config::folder_of;
use crate::sandbox::cache_file::{EntryFault, check_owner, check_regular};

/// The largest compiled file, in bytes. A component of 40 MiB has about 80 MiB of code.
const MAX_BYTES: u64 = 2 << 30;

/// A compiled file that only this user or root can have written, with the digest that it records. Whether its code is
/// for this host and this machine is checked when it is loaded.
pub(crate) struct CompiledFile {
    contents: CompiledContents,
    record: CompiledRecord,
    kept: KeptFile,
}

impl CompiledFile {
    /// Opens the file at `path`, and reads all of it. Call it on a thread for blocking work.
    ///
    /// # Errors
    ///
    /// [`CompiledFault`], except those of its host, machine, component and engine.
    pub(crate) fn open(path: &Path) -> Result<Self, CompiledFault> {
        Self::of(open_within(path)?, path)
    }

    /// Reads and checks the file again. Call it on a thread for blocking work, and not twice at a time.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(crate) fn reopen(kept: &KeptFile) -> Result<Self, CompiledFault> {
        match kept.file()? {
            Some(file) => Self::of(file, kept.path()),
            None => Self::open(kept.path()),
        }
    }

    /// Reads all of a file that was opened at `path`.
    fn of(file: File, path: &Path) -> Result<Self, CompiledFault> {
        check_regular(&file)?;
        let length = file.metadata().map_err(EntryFault::Read)?.len();
        if length > MAX_BYTES {
            return Err(CompiledFault::TooLarge(MAX_BYTES));
        }
        let kept = KeptFile::new(&file, path);
        let mut contents = CompiledContents::of(file).map_err(EntryFault::Read)?;
        let record = contents.record()?;
        Ok(Self {
            contents,
            record,
            kept,
        })
    }

    /// The code, if it is for this host, this machine, and the component with this digest.
    ///
    /// # Errors
    ///
    /// [`CompiledFault`], except those of reading.
    pub(in crate::sandbox) fn component(
        &self,
        engine: &Engine,
        digest: &str,
    ) -> Result<Component, CompiledFault> {
        self.record.check(digest)?;
        let component = self.contents.code(engine);
        component.map_err(|error| CompiledFault::Engine(error.into_boxed_dyn_error()))
    }

    /// The file itself, to load its code again.
    pub(in crate::sandbox) fn into_kept(self) -> KeptFile {
        self.kept
    }

    /// What it says of its code.
    pub(in crate::sandbox) fn record(&self) -> &CompiledRecord {
        &self.record
    }
}

/// Opens a file in a folder to which nobody else may write, without following a link to the file.
fn open_within(path: &Path) -> Result<File, CompiledFault> {
    let name = path.file_name().ok_or(CompiledFault::Missing)?;
    let folder = File::options()
        .read(true)
        .custom_flags((OFlags::DIRECTORY | OFlags::NONBLOCK).bits().cast_signed())
        .open(folder_of(path))
        .map_err(missing_or_unreadable)?;
    let metadata = folder.metadata().map_err(EntryFault::Read)?;
    check_owner(&metadata).map_err(CompiledFault::Folder)?;
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match openat(&folder, name, flags, Mode::empty()) {
        Ok(file) => Ok(file.into()),
        Err(rustix::io::Errno::LOOP) => Err(EntryFault::NotAFile.into()),
        Err(error) => Err(missing_or_unreadable(error.into())),
    }
}

fn missing_or_unreadable(error: io::Error) -> CompiledFault {
    match error.kind() {
        io::ErrorKind::NotFound => CompiledFault::Missing,
        _ => EntryFault::Read(error).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::report;
    use crate::sandbox::target_cpu::TargetCpu;

    fn file() -> Vec<u8> {
        CompiledRecord::new(TargetCpu::Baseline, "", "").file(b"code".to_vec())
    }

    #[test]
    fn a_kept_file_is_opened_again_although_another_one_has_its_name_or_nothing_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.cwasm");
        fs::write(&path, file()).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let kept = CompiledFile::open(&path).unwrap().into_kept();
        let other = folder.path().join("other");
        fs::write(&other, "another version").unwrap();
        fs::rename(&other, &path).unwrap();
        for _ in 0..2 {
            assert!(kept.is_unchanged());
            let record = CompiledFile::reopen(&kept).unwrap().record;
            assert!(record == CompiledRecord::new(TargetCpu::Baseline, "", ""));
        }
        fs::remove_file(&path).unwrap();
        assert!(kept.is_unchanged() && CompiledFile::reopen(&kept).is_ok());
    }

    #[test]
    fn a_kept_file_that_is_written_to_is_changed_and_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.cwasm");
        fs::write(&path, file()).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let kept = CompiledFile::open(&path).unwrap().into_kept();
        fs::write(&path, "another version").unwrap();
        assert!(!kept.is_unchanged() && CompiledFile::reopen(&kept).is_err());
    }

    #[test]
    fn a_file_that_others_may_have_put_there_is_refused() {
        type Tampering = fn(&Path);
        let cases: [(Tampering, &str); 7] = [
            (|_| {}, ""),
            (
                |path| fs::remove_file(path).unwrap(),
                "there is no such file",
            ),
            (
                |path| fs::set_permissions(path, Permissions::from_mode(0o664)).unwrap(),
                "others may write to it (mode 664)",
            ),
            (
                |path| {
                    let folder = path.parent().unwrap();
                    fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
                },
                "its folder can't be trusted: others may write to it (mode 777)",
            ),
            (
                |path| {
                    fs::rename(path, path.with_extension("other")).unwrap();
                    symlink(path.with_extension("other"), path).unwrap();
                },
                "it is not a regular file",
            ),
            (
                |path| {
                    fs::remove_file(path).unwrap();
                    fs::create_dir(path).unwrap();
                },
                "it is not a regular file",
            ),
            (
                |path| {
                    File::options()
                        .write(true)
                        .open(path)
                        .unwrap()
                        .set_len(MAX_BYTES + 1)
                        .unwrap()
                },
                "it is larger than 2GiB",
            ),
        ];
        for (tamper, expected) in cases {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("shop.cwasm");
            fs::write(&path, file()).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
            tamper(&path);
            let opened = CompiledFile::open(&path);
            let message = opened.map_or_else(|fault| report::chain(&fault), |_| String::new());
            assert!(
                message.contains(expected) && message.is_empty() == expected.is_empty(),
                "{message:?}, not {expected:?}"
            );
        }
    }
}
