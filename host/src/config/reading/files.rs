//! Reads the files that an operator or the plugins folder names. All such reads go through here.

use std::fs::{File, FileType};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::fault::{FileFault, NoAnswer};
use super::limit::{FILE_TIME, ReadLimit};
use crate::config::stamp::FileStamp;
use crate::platform;

/// The number of bytes read between two checks of the time limit.
const PIECE_BYTES: u64 = 1 << 20;

/// Whether the file at a path without links may be read.
pub type PathCheck<'p> = &'p dyn Fn(&Path) -> bool;

/// A file system. A trait, so that tests can script one that hangs.
pub trait FileSystem: Send + Sync {
    /// The content of a regular file; links are followed. With `permits`, only of a file for whose real path, without
    /// links, this returns `true`. It gets the path of the very file that is read, even if a link changes meanwhile.
    ///
    /// # Errors
    ///
    /// [`FileFault`], except `NoAnswer`.
    fn read_if(
        &self,
        path: &Path,
        limit: ReadLimit,
        permits: Option<PathCheck<'_>>,
    ) -> Result<Vec<u8>, FileFault>;

    /// The content of any regular file.
    ///
    /// # Errors
    ///
    /// [`FileFault`], except `NoAnswer` and `NotPermitted`.
    fn read(&self, path: &Path, limit: ReadLimit) -> Result<Vec<u8>, FileFault> {
        self.read_if(path, limit, None)
    }

    /// The file's current metadata.
    fn stamp(&self, path: &Path) -> FileStamp;

    /// The paths of all entries of a folder.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Whether the path is that of a folder.
    fn is_folder(&self, path: &Path) -> bool;
}

/// The operating system's files.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemFiles;

impl FileSystem for SystemFiles {
    fn read_if(
        &self,
        path: &Path,
        limit: ReadLimit,
        permits: Option<PathCheck<'_>>,
    ) -> Result<Vec<u8>, FileFault> {
        let mut file = open(path)?;
        if let Some(permits) = permits {
            check(platform::real_path(&file, path)?, permits)?;
        }
        read_open(&mut file, limit)
    }

    fn stamp(&self, path: &Path) -> FileStamp {
        FileStamp::of(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }
}

/// The operating system's files, for a command that needs them to continue: no read waits longer than [`FILE_TIME`].
#[derive(Debug, Clone, Copy, Default)]
pub struct TimedFiles;

impl FileSystem for TimedFiles {
    fn read_if(
        &self,
        path: &Path,
        limit: ReadLimit,
        permits: Option<PathCheck<'_>>,
    ) -> Result<Vec<u8>, FileFault> {
        let Some(permits) = permits else {
            return read_in_time(path, limit);
        };
        let (real, content) = read_by(path, FILE_TIME, move |path| {
            let mut file = open(path)?;
            Ok((
                platform::real_path(&file, path)?,
                read_open(&mut file, limit)?,
            ))
        })?;
        check(real, permits)?;
        Ok(content)
    }

    fn stamp(&self, path: &Path) -> FileStamp {
        SystemFiles.stamp(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        SystemFiles.list(folder)
    }

    fn is_folder(&self, path: &Path) -> bool {
        SystemFiles.is_folder(path)
    }
}

/// Opens a file without waiting for a pipe's other end, and without acquiring a terminal.
fn open(path: &Path) -> Result<File, FileFault> {
    // The standard library adds O_CLOEXEC.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = File::options()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    opened.map_err(|error| {
        // Sockets, and devices without a driver, can't even be opened.
        if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) {
            let kind = std::fs::metadata(path)
                .map_or("a socket or device", |found| kind(found.file_type()));
            return FileFault::NotRegular(kind);
        }
        error.into()
    })
}

fn check(real: PathBuf, permits: PathCheck<'_>) -> Result<(), FileFault> {
    if permits(&real) {
        Ok(())
    } else {
        Err(FileFault::NotPermitted(real))
    }
}

/// The content of an open file.
fn read_open(file: &mut File, limit: ReadLimit) -> Result<Vec<u8>, FileFault> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(FileFault::NotRegular(kind(metadata.file_type())));
    }
    // A file that is too large is not read at all; one that grows in the meantime is not read to its end.
    if metadata.len() > limit.bytes {
        return Err(FileFault::TooLarge(limit));
    }
    within(file, limit, Instant::now())
}

/// The kind of a file that is not regular.
fn kind(found: FileType) -> &'static str {
    if found.is_dir() {
        "a folder"
    } else if found.is_fifo() {
        "a named pipe"
    } else if found.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// The whole content of `source`, within the limit and within [`FILE_TIME`] since `began`.
fn within(source: &mut impl Read, limit: ReadLimit, began: Instant) -> Result<Vec<u8>, FileFault> {
    let mut content = Vec::new();
    loop {
        if began.elapsed() >= FILE_TIME {
            return Err(FileFault::TooSlow);
        }
        let left = limit
            .bytes
            .saturating_add(1)
            .saturating_sub(content.len() as u64);
        let mut piece = source.by_ref().take(left.min(PIECE_BYTES));
        match piece.read_to_end(&mut content)? {
            _ if content.len() as u64 > limit.bytes => return Err(FileFault::TooLarge(limit)),
            0 => return Ok(content),
            _ => {}
        }
    }
}

/// Reads a file, for a command that needs it to continue. Stops waiting if the file does not respond in time.
///
/// # Errors
///
/// [`FileFault`].
pub fn read_in_time(path: &Path, limit: ReadLimit) -> Result<Vec<u8>, FileFault> {
    read_by(path, FILE_TIME, move |path| SystemFiles.read(path, limit))
}

fn read_by<T: Send + 'static>(
    path: &Path,
    patience: Duration,
    read: impl FnOnce(&Path) -> Result<T, FileFault> + Send + 'static,
) -> Result<T, FileFault> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let file = path.to_owned();
    let reader = thread::Builder::new().name("weld-files".to_owned());
    reader
        .spawn(move || sender.send(read(&file)))
        .map_err(NoAnswer::Thread)?;
    receiver.recv_timeout(patience).unwrap_or_else(|_| {
        Err(FileFault::NoAnswer(NoAnswer::GivenUp {
            path: path.to_owned(),
            waited: patience,
        }))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType as NodeType, Mode, mknodat};

    use super::*;

    const LIMIT: ReadLimit = ReadLimit::component(1 << 10);

    fn read(path: &Path) -> Result<Vec<u8>, String> {
        SystemFiles
            .read(path, LIMIT)
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn only_regular_files_are_read_and_links_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "content").unwrap();
        symlink("file", path("link")).unwrap();
        for name in ["file", "link"] {
            assert_eq!(read(&path(name)).as_deref(), Ok(&b"content"[..]), "{name}");
        }
        mknodat(
            CWD,
            path("pipe"),
            NodeType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();
        let _listener = UnixListener::bind(path("socket")).unwrap();
        symlink("/dev/zero", path("zero")).unwrap();
        symlink("pipe", path("to-pipe")).unwrap();
        symlink(folder.path(), path("folder")).unwrap();
        for (name, kind) in [
            ("pipe", "a named pipe"),
            ("to-pipe", "a named pipe"),
            ("socket", "a socket"),
            ("zero", "a device"),
            ("folder", "a folder"),
        ] {
            let expected = format!("it is {kind}, not a regular file");
            assert_eq!(read(&path(name)), Err(expected), "{name}");
        }
        assert!(
            SystemFiles
                .read(&path("nowhere"), LIMIT)
                .unwrap_err()
                .is_missing()
        );
    }

    #[test]
    fn a_file_larger_than_its_limit_is_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = File::create(&path).unwrap();
        file.set_len(1 << 10).unwrap();
        assert_eq!(read(&path).map(|content| content.len()), Ok(1 << 10));
        for bytes in [(1 << 10) + 1, 10 << 30] {
            file.set_len(bytes).unwrap();
            let refused = "it is larger than 1KiB (--max-component)".to_owned();
            assert_eq!(read(&path), Err(refused));
        }
    }

    #[test]
    fn a_file_that_grows_is_read_no_further_than_its_limit() {
        let mut read_bytes = 0;
        let mut endless = io::repeat(0).take(1 << 30);
        let grown = within(&mut endless, LIMIT, Instant::now());
        assert!(
            matches!(grown, Err(FileFault::TooLarge(LIMIT))),
            "{grown:?}"
        );
        read_bytes += (1 << 30) - endless.limit();
        assert_eq!(read_bytes, (1 << 10) + 1);
    }

    #[test]
    fn a_file_that_is_read_too_slowly_is_abandoned() {
        let began = Instant::now().checked_sub(FILE_TIME).unwrap();
        let slow = within(&mut &b"content"[..], LIMIT, began);
        assert!(matches!(slow, Err(FileFault::TooSlow)), "{slow:?}");
    }

    #[test]
    fn a_file_that_never_responds_is_abandoned_and_named() {
        let (_held, hangs) = mpsc::channel::<()>();
        let given_up = read_by(Path::new("/mnt/key"), Duration::from_millis(1), move |_| {
            let _never = hangs.recv();
            Ok(Vec::<u8>::new())
        });
        let message = given_up.unwrap_err().to_string();
        assert!(
            message.starts_with("/mnt/key has not responded for 1ms"),
            "{message}"
        );
    }
}
