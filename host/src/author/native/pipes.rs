//! The two named pipes between the host and its worker, in a folder that only this user may open.

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::ioctl_fionread;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::{Receiver, Sender};

use crate::platform;

/// How many bytes are read at once, at least.
const READ_BYTES: usize = 64 << 10;

/// The pipes, and their folder, which is removed with them.
#[derive(Debug)]
pub(super) struct WorkerPipes {
    folder: TempDir,
    sender: Sender,
    receiver: Receiver,
    /// What was received after the last complete line, and how much of that was searched for a line's end.
    received: Vec<u8>,
    searched: usize,
}

/// A received line, or the fact that it is too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PipeLine {
    /// Without its line break.
    Whole(Vec<u8>),
    TooLong,
}

impl WorkerPipes {
    /// Creates the folder and the pipes `to-worker` and `to-host`.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(super) fn create() -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("weld-native-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        let sender = open(&folder.path().join("to-worker"))?;
        let receiver = open(&folder.path().join("to-host"))?;
        Ok(Self {
            folder,
            sender: Sender::from_file_unchecked(sender)?,
            receiver: Receiver::from_file_unchecked(receiver)?,
            received: Vec::new(),
            searched: 0,
        })
    }

    /// The folder, for the worker's variable `WELD_NATIVE`.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sends a message as a line. It waits while the pipe is full.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(super) async fn send(&mut self, mut message: Vec<u8>) -> io::Result<()> {
        message.push(b'\n');
        self.sender.write_all(&message).await
    }

    /// Whether the worker has read everything that was sent.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(super) fn is_taken(&self) -> io::Result<bool> {
        Ok(ioctl_fionread(&self.sender)? == 0)
    }

    /// Receives a line of at most `max_bytes`. If this is dropped before, nothing is lost.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(super) async fn receive(&mut self, max_bytes: usize) -> io::Result<PipeLine> {
        loop {
            let unsearched = self.received.get(self.searched..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', unsearched) {
                let rest = self.received.split_off(self.searched + at + 1);
                let mut line = std::mem::replace(&mut self.received, rest);
                line.pop();
                self.searched = 0;
                if line.len() > max_bytes {
                    return Ok(PipeLine::TooLong);
                }
                return Ok(PipeLine::Whole(line));
            }
            self.searched = self.received.len();
            if self.searched > max_bytes {
                return Ok(PipeLine::TooLong);
            }
            self.received.reserve(READ_BYTES);
            self.receiver.read_buf(&mut self.received).await?;
        }
    }
}

/// Creates and opens a pipe for both directions: so it can be opened before the other side is there, and doesn't end
/// with it.
fn open(path: &Path) -> io::Result<std::fs::File> {
    platform::make_fifo(path)?;
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Read, Write};

    use super::*;

    fn whole(line: &str) -> PipeLine {
        PipeLine::Whole(line.into())
    }

    #[tokio::test]
    async fn lines_pass_in_both_directions() {
        let mut pipes = WorkerPipes::create().unwrap();
        let mode = fs::metadata(pipes.folder()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let mut to_host = fs::File::create(pipes.folder().join("to-host")).unwrap();
        let mut to_worker = fs::File::open(pipes.folder().join("to-worker")).unwrap();

        to_host.write_all(b"first\nsecond\nthi").unwrap();
        assert_eq!(pipes.receive(10).await.unwrap(), whole("first"));
        assert_eq!(pipes.receive(10).await.unwrap(), whole("second"));
        to_host.write_all(b"rd\n").unwrap();
        assert_eq!(pipes.receive(10).await.unwrap(), whole("third"));

        assert!(pipes.is_taken().unwrap());
        pipes.send(b"call".to_vec()).await.unwrap();
        assert!(!pipes.is_taken().unwrap());
        let mut line = [0; 5];
        to_worker.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"call\n");
        assert!(pipes.is_taken().unwrap());

        let folder = pipes.folder().to_owned();
        drop(pipes);
        assert!(!folder.exists());
        assert_eq!(to_worker.read(&mut line).unwrap(), 0, "the end");
    }

    #[tokio::test]
    async fn a_line_is_limited_with_and_without_its_end() {
        for line in ["12345678901\n", "12345678901"] {
            let mut pipes = WorkerPipes::create().unwrap();
            let mut to_host = fs::File::create(pipes.folder().join("to-host")).unwrap();
            to_host.write_all(line.as_bytes()).unwrap();
            assert_eq!(pipes.receive(10).await.unwrap(), PipeLine::TooLong);
        }
    }
}
