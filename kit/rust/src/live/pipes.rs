//! The pipes to the host: one JSON object on each line.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Two named pipes. Reading waits, as a call of the host does in a component.
pub(super) struct Pipes {
    from_host: RefCell<BufReader<File>>,
    to_host: RefCell<File>,
}

impl Pipes {
    /// Opens the pipes of a folder. The host holds both open, so neither waits.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let from_host = File::open(folder.join("to-worker"))?;
        let to_host = OpenOptions::new()
            .write(true)
            .open(folder.join("to-host"))?;
        Ok(Self {
            from_host: RefCell::new(BufReader::new(from_host)),
            to_host: RefCell::new(to_host),
        })
    }

    pub(super) fn send(&self, message: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        self.to_host.borrow_mut().write_all(&line)
    }

    /// The next message; `None` if the host has ended.
    pub(super) fn receive<M: DeserializeOwned>(&self) -> io::Result<Option<M>> {
        let mut line = Vec::new();
        self.from_host.borrow_mut().read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&line)?))
    }

    /// Sends a message, and receives its answer.
    pub(super) fn ask<A: DeserializeOwned>(&self, message: &impl Serialize) -> io::Result<A> {
        self.send(message)?;
        self.receive()?
            .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the host has ended"))
    }
}
