//! A thread that writes lines to stdout or stderr, so that a stalled reader blocks nothing else.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

use super::line_queue::LineQueue;

/// How long writing pauses after an error such as a full disk, which an immediate attempt would only repeat.
const PAUSE: Duration = Duration::from_secs(1);

/// How much of the buffer's memory is kept for the next lines.
const KEPT_BYTES: usize = 64 << 10;

/// Writes lines to a stream of the process. Clones write to the same stream. Writing never waits for the reader.
#[derive(Debug, Clone)]
pub(super) struct LineWriter(Arc<LineQueue>);

thread_local! {
    /// Whether this thread is a writer. Its own lines always fit, since nobody else could make room for them.
    static IS_WRITER: Cell<bool> = const { Cell::new(false) };
}

impl LineWriter {
    /// Starts a thread that writes to `stream`. When it can write again after losing lines, it calls `report_lost` with
    /// their number. The descriptor is used directly, without the lock of `std::io::stderr`, which a write to a stalled
    /// pipe would hold.
    ///
    /// # Errors
    ///
    /// Any error of the system, such as no free descriptor or thread.
    pub(super) fn start(stream: BorrowedFd<'_>, report_lost: fn(u64)) -> io::Result<Self> {
        let file = File::from(stream.try_clone_to_owned()?);
        let writer = Self(Arc::default());
        let own = writer.clone();
        std::thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || own.run(&file, report_lost))?;
        Ok(writer)
    }

    /// Adds a line, with its line feed.
    pub(super) fn line(&self, line: &[u8]) {
        if IS_WRITER.get() {
            self.0.push_always(line);
        } else {
            self.0.push(line);
        }
    }

    /// Waits until everything is written, or until the given time.
    pub(super) fn finish(&self, until: Instant) {
        self.0.drain(until);
    }

    fn run(&self, file: &File, report_lost: fn(u64)) {
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
                self.0.add_lost(lines as u64);
            } else {
                let lost = self.0.take_lost();
                if lost > 0 {
                    report_lost(lost);
                }
            }
            self.0.done();
            if failed {
                std::thread::sleep(PAUSE);
            }
        }
    }
}

/// Writes everything, however long it takes. Returns how many bytes are left if writing fails.
fn write_all(mut file: &File, bytes: &[u8]) -> usize {
    let mut left = bytes;
    while !left.is_empty() {
        match file.write(left) {
            Ok(0) => break,
            Ok(written) => left = left.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Another process that shares the stream may have made it non-blocking.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let _ = poll(&mut [PollFd::new(file, PollFlags::OUT)], None);
            }
            Err(_) => break,
        }
    }
    left.len()
}
