//! Printing.
//!
//! Short commands write to their streams directly. A server must not: its reader may stall, and a full pipe would block
//! the next thread that prints. Once a server has started, a thread writes each of the two streams.

mod line_queue;
mod line_writer;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::log_object::{ObjectDialect, plain_event};
use crate::report;
use line_writer::LineWriter;

/// How long the process waits for readers at its end.
pub(super) const END_WITHIN: Duration = Duration::from_secs(3);

static SERVING: OnceLock<Streams> = OnceLock::new();

/// The form of a server's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputForm {
    /// Text for people.
    Text,
    /// JSON objects on stderr, and nothing on stdout.
    Json(ObjectDialect),
}

/// A server's stdout and stderr.
#[derive(Debug)]
struct Streams {
    stdout: LineWriter,
    stderr: LineWriter,
    form: OutputForm,
}

/// The end of a server's output. When dropped, it waits some seconds until everything is written.
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

/// From now on, nothing that prints waits for a reader, and all of it has this form; this includes panics.
///
/// # Errors
///
/// Any error of the system, such as no free descriptor or thread.
pub(super) fn never_block(form: OutputForm) -> io::Result<OutputEnd> {
    let streams = Streams {
        stdout: LineWriter::start(io::stdout().as_fd(), |lines| {
            tracing::warn!(
                lines,
                "stdout was not read in time; some of its lines are lost"
            );
        })?,
        stderr: LineWriter::start(io::stderr().as_fd(), |lines| {
            tracing::error!(
                lines,
                "the log could not be written in time; some of its lines are lost here"
            );
        })?,
        form,
    };
    let stderr = streams.stderr.clone();
    if SERVING.set(streams).is_ok() {
        std::panic::set_hook(Box::new(move |panic| {
            stderr.line(form.error_lines(&panic_text(panic)).as_bytes());
        }));
    }
    Ok(OutputEnd)
}

/// The log's writer in a server; `None` elsewhere.
pub(super) fn log_writer() -> Option<LogLines> {
    SERVING
        .get()
        .map(|streams| LogLines(streams.stderr.clone()))
}

/// Lines of the log. `tracing-subscriber` writes each complete line in one call.
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

/// Writes a line to stdout. A closed pipe is ignored, since it must not end a server.
pub(super) fn say(line: &str) {
    if let Some(streams) = SERVING.get() {
        streams.stdout.line(format!("{line}\n").as_bytes());
        return;
    }
    let mut stdout = io::stdout().lock();
    // Flushed at once: stdout may be a pipe to a supervisor that waits for the first line.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// Writes the last line of the process to stderr.
pub fn say_last(line: &str) {
    match SERVING.get() {
        Some(streams) => {
            streams
                .stderr
                .line(streams.form.error_lines(line).as_bytes());
            streams.stderr.finish(Instant::now() + END_WITHIN);
        }
        None => {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
}

impl OutputForm {
    /// An error that doesn't go through the log, with a line break at its end.
    fn error_lines(self, message: &str) -> String {
        match self {
            Self::Text => format!("{message}\n"),
            Self::Json(dialect) => {
                format!("{}\n", plain_event(dialect, tracing::Level::ERROR, message))
            }
        }
    }
}

/// Escapes control characters in each line of a message, since it may contain text from a server.
#[must_use]
pub fn printable(message: &str) -> String {
    let lines: Vec<_> = message.split('\n').map(report::escaped).collect();
    lines.join("\n")
}

/// The text that the standard library's hook prints. It doesn't go through the log, which may be what panics.
fn panic_text(panic: &PanicHookInfo<'_>) -> String {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("<unnamed>");
    // Empty unless `RUST_BACKTRACE` is set.
    let trace = Backtrace::capture();
    match trace.status() {
        BacktraceStatus::Captured => format!("thread '{thread}' {panic}\n{trace}"),
        _ => format!("thread '{thread}' {panic}"),
    }
}
