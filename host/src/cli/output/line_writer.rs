//! The thread that writes lines to a stream of the process, whether anybody reads them or not.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

use super::line_queue::LineQueue;

/// How long writing pauses after an error such as a full disk, which the next attempt would only repeat.
const PAUSE: Duration = Duration::from_secs(1);

/// How much of a buffer stays for the next lines.
const KEPT_BYTES: usize = 64 << 10;

/// Lines for a stream of the process. Clones add to the same stream; none of them ever waits for its reader.
#[derive(Debug, Clone)]
pub(super) struct LineWriter(Arc<LineQueue>);

thread_local! {
    /// Whether this thread is a writer: what it has to say finds room always, since nobody else could make any.
    static IS_WRITER: Cell<bool> = const { Cell::new(false) };
}

impl LineWriter {
    /// Starts a thread that writes to `stream`, and calls `tell_lost` with the number of lines that were lost once it could
    /// write again. The descriptor is used as it is, without the lock of `std::io::stderr`,
    /// which whoever writes to a stalled pipe would keep from everybody else.
    ///
    /// # Errors
    ///
    /// Any error of the system: no descriptor or no thread is left.
    pub(super) fn start(stream: BorrowedFd<'_>, tell_lost: fn(u64)) -> io::Result<Self> {
        let file = File::from(stream.try_clone_to_owned()?);
        let writer = Self(Arc::default());
        let own = writer.clone();
        std::thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || own.run(&file, tell_lost))?;
        Ok(writer)
    }

    /// Adds a line with its end.
    pub(super) fn line(&self, line: &[u8]) {
        if IS_WRITER.get() {
            self.0.push_always(line);
        } else {
            self.0.push(line);
        }
    }

    /// Waits until everything is written, but no longer than `until`.
    pub(super) fn finish(&self, until: Instant) {
        self.0.drain(until);
    }

    fn run(&self, file: &File, tell_lost: fn(u64)) {
        IS_WRITER.set(true);
        let mut batch = Vec::new();
        let mut is_in_a_line = false;
        loop {
            batch.clear();
            batch.shrink_to(KEPT_BYTES);
            self.0.take(&mut batch);
            if is_in_a_line {
                batch.insert(0, b'\n');
            }
            let unwritten = write_all(file, &batch);
            let (written, unwritten) = batch.split_at(batch.len() - unwritten);
            if let Some(last) = written.last() {
                is_in_a_line = *last != b'\n';
            }
            let failed = !unwritten.is_empty();
            if failed {
                let lines = unwritten.iter().filter(|byte| **byte == b'\n').count();
                self.0.lose(lines as u64);
            } else {
                let lost = self.0.take_lost();
                if lost > 0 {
                    tell_lost(lost);
                }
            }
            self.0.done();
            if failed {
                std::thread::sleep(PAUSE);
            }
        }
    }
}

/// Writes all of it, however long that takes. Answers how many bytes are left where that is not possible.
fn write_all(mut file: &File, bytes: &[u8]) -> usize {
    let mut left = bytes;
    while !left.is_empty() {
        match file.write(left) {
            Ok(0) => break,
            Ok(written) => left = left.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Whoever shares the stream may have made it so.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let _ = poll(&mut [PollFd::new(file, PollFlags::OUT)], None);
            }
            Err(_) => break,
        }
    }
    left.len()
}
