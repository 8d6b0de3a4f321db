//! What all systems of the Unix family have in common, where Rust's libraries have no safe function for it.

use std::fs::{self, File};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::ptr;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

/// Whether this process ignores the signal, as a program that was started by `nohup` does with SIGHUP.
#[allow(
    unsafe_code,
    reason = "the call changes nothing without a new action, and writes the present one into a value of its own type"
)]
pub(crate) fn is_ignored(signal: Signal) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    let status = unsafe { libc::sigaction(signal.as_raw(), ptr::null(), action.as_mut_ptr()) };
    // SAFETY: all zeros are a valid action, and so is what the call has written.
    let action = unsafe { action.assume_init() };
    status == 0 && action.sa_sigaction == libc::SIG_IGN
}

/// Sets a limit of this process, at most to the maximum that the process was given.
///
/// # Errors
///
/// Any error of the system.
pub(crate) fn set_limit(resource: Resource, current: u64, maximum: u64) -> io::Result<()> {
    let given = getrlimit(resource).maximum;
    let within = |wanted: u64| Some(given.map_or(wanted, |given| given.min(wanted)));
    let limit = Rlimit {
        current: within(current),
        maximum: within(maximum),
    };
    Ok(setrlimit(resource, limit)?)
}

/// The machine's memory in bytes; `None` if the system doesn't report it.
#[allow(unsafe_code, reason = "the call takes and returns only numbers")]
pub(super) fn physical_memory() -> Option<u64> {
    let pages = unsafe { libc::sysconf(libc::_SC_PHYS_PAGES) };
    let pages = u64::try_from(pages).ok()?;
    pages.checked_mul(rustix::param::page_size() as u64)
}

/// The path of an open file, without links, if that file is now at `path` or where its links lead.
///
/// # Errors
///
/// The file is no longer there, or any error of the system.
pub(super) fn real_path_by_name(file: &File, path: &Path) -> io::Result<PathBuf> {
    let real = fs::canonicalize(path)?;
    let (open, found) = (file.metadata()?, fs::symlink_metadata(&real)?);
    if (open.dev(), open.ino()) != (found.dev(), found.ino()) {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "the file was replaced while it was opened",
        ));
    }
    Ok(real)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn ignored_signals_are_recognized() {
        // Rust's runtime ignores it in every program.
        assert!(is_ignored(Signal::PIPE));
        assert!(!is_ignored(Signal::USR1));
    }

    #[test]
    fn path_of_a_file_is_known_until_another_one_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let (real, link) = (folder.join("real"), folder.join("link"));
        fs::write(&real, "a").unwrap();
        symlink(&real, &link).unwrap();
        let file = File::open(&link).unwrap();
        assert_eq!(real_path_by_name(&file, &link).unwrap(), real);
        fs::write(folder.join("new"), "b").unwrap();
        fs::rename(folder.join("new"), &real).unwrap();
        let error = real_path_by_name(&file, &link).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn machine_has_memory() {
        assert!(physical_memory().unwrap() > 64 << 20);
    }

    #[test]
    fn limits_only_fall() {
        // A limit that this process doesn't need.
        set_limit(Resource::Core, 0, 1_000).unwrap();
        set_limit(Resource::Core, 2_000, 2_000).unwrap();
        let limit = getrlimit(Resource::Core);
        assert!(limit.current <= Some(1_000) && limit.maximum <= Some(1_000));
        assert!(limit.current.is_some() && limit.maximum.is_some());
    }
}
