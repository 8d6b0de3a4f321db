//! What a command prints.
//!
//! One that a person waits for writes by itself. A server must not: whoever reads its streams may stop, and a pipe that is
//! full would hold whatever prints next. Once a server has begun, both streams have a thread that writes them.

mod line_queue;
mod line_writer;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::report;
use line_writer::LineWriter;

/// How long the end waits for those who read.
const END_WITHIN: Duration = Duration::from_secs(3);

static SERVING: OnceLock<Streams> = OnceLock::new();

/// The streams of a server.
#[derive(Debug)]
struct Streams {
    stdout: LineWriter,
    stderr: LineWriter,
}

/// The end of a server's output. Dropped, it waits some seconds until everything is written.
#[derive(Debug)]
pub(super) struct OutputEnd;

impl Drop for OutputEnd {
    fn drop(&mut self) {
        if let Some(streams) = SERVING.get() {
            let until = Instant::now() + END_WITHIN;
            streams.stdout.finish(until);
            streams.stderr.finish(until);
        }
    }
}

/// From now on nothing that is printed waits for its reader, panics included.
///
/// # Errors
///
/// Any error of the system: no descriptor or no thread is left.
pub(super) fn never_wait() -> io::Result<OutputEnd> {
    let streams = Streams {
        stdout: LineWriter::start(io::stdout().as_fd(), |lines| {
            tracing::warn!(lines, "nobody read stdout in time: lines of it are lost");
        })?,
        stderr: LineWriter::start(io::stderr().as_fd(), |lines| {
            tracing::error!(
                lines,
                "the log could not be written in time: lines of it are lost here"
            );
        })?,
    };
    let stderr = streams.stderr.clone();
    if SERVING.set(streams).is_ok() {
        std::panic::set_hook(Box::new(move |panic| {
            stderr.line(panic_text(panic).as_bytes())
        }));
    }
    Ok(OutputEnd)
}

/// What the log is written to, if it may not wait.
pub(super) fn log_writer() -> Option<LogLines> {
    SERVING
        .get()
        .map(|streams| LogLines(streams.stderr.clone()))
}

/// Lines of the log, as `tracing-subscriber` writes them: each whole, in one call.
#[derive(Debug, Clone)]
pub(super) struct LogLines(LineWriter);

impl Write for LogLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.line(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a line. Whether anyone reads it is not the server's concern: a closed pipe must not end it.
pub(super) fn say(line: &str) {
    if let Some(streams) = SERVING.get() {
        streams.stdout.line(format!("{line}\n").as_bytes());
        return;
    }
    let mut stdout = io::stdout().lock();
    // Flushed at once: a supervisor waits for the first line, and stdout may be a pipe.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// Writes the last line of the process to stderr.
pub fn say_last(line: &str) {
    match SERVING.get() {
        Some(streams) => {
            streams.stderr.line(format!("{line}\n").as_bytes());
            streams.stderr.finish(Instant::now() + END_WITHIN);
        }
        None => {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
}

/// A message, each of its lines without what could drive a terminal: it may name what a server named.
#[must_use]
pub fn printable(message: &str) -> String {
    let lines: Vec<_> = message.split('\n').map(report::escaped).collect();
    lines.join("\n")
}

/// What the standard library's own hook prints. Not by way of the log, since the log may be what panics.
fn panic_text(panic: &PanicHookInfo<'_>) -> String {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("<unnamed>");
    // Empty, but where `RUST_BACKTRACE` asks for it.
    let trace = Backtrace::capture();
    match trace.status() {
        BacktraceStatus::Captured => format!("thread '{thread}' {panic}\n{trace}\n"),
        _ => format!("thread '{thread}' {panic}\n"),
    }
}
