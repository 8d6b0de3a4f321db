//! What a guest writes (stdout, stderr, `log`) as lines of the host's log.
//!
//! Guests are not trusted: a line's control characters are escaped, so none can forge another line or drive a
//! terminal, and lines and bytes of one call are bounded over all three ways together.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::bindings::host::LogLevel;
use crate::config::{ConnectorName, MAX_LOG_BYTES};

/// The longest line. What goes past it becomes a line of its own, so that a guest which never ends its line costs no
/// more memory than this.
const MAX_LINE_BYTES: usize = 8 << 10;

/// How much of stderr's end is kept for the report of a crash, dropped lines included.
const TAIL_LINES: usize = 20;

/// What one write may hand over; also what `write-zeroes` may make the host allocate.
const WRITE_BYTES: usize = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Stdout,
    Stderr,
    Log,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Log => "log",
        }
    }
}

/// The log of one call. Clones write to the same log.
#[derive(Debug, Clone)]
pub(crate) struct CallLog {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    connector: ConnectorName,
    lines_left: u32,
    bytes_left: u64,
    dropped_lines: u64,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    tail: VecDeque<String>,
}

impl CallLog {
    pub(crate) fn new(connector: &ConnectorName, max_lines: u32) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                connector: connector.clone(),
                lines_left: max_lines,
                bytes_left: MAX_LOG_BYTES,
                dropped_lines: 0,
                stdout: Vec::new(),
                stderr: Vec::new(),
                tail: VecDeque::new(),
            })),
        }
    }

    pub(crate) fn stdout(&self) -> GuestStream {
        self.stream(Source::Stdout)
    }

    pub(crate) fn stderr(&self) -> GuestStream {
        self.stream(Source::Stderr)
    }

    fn stream(&self, source: Source) -> GuestStream {
        GuestStream {
            log: self.clone(),
            source,
        }
    }

    /// A message of the contract's `log`; one with line breaks stays one line, its breaks escaped.
    pub(super) fn guest_line(&self, level: LogLevel, message: &str) {
        self.lock().line(Source::Log, level, message.as_bytes());
    }

    /// Writes out what stands in the streams without a line's end, and says how much was dropped, now rather than when
    /// the last stream is gone: the report of a crash wants the whole stderr.
    pub(crate) fn finish(&self) {
        self.lock().finish();
    }

    /// The last lines of stderr, escaped.
    pub(crate) fn stderr_tail(&self) -> String {
        Vec::from(self.lock().tail.clone()).join("\n")
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn finish(&mut self) {
        for source in [Source::Stdout, Source::Stderr] {
            let rest = std::mem::take(self.buffer(source));
            if !rest.is_empty() {
                self.line(source, LogLevel::Info, &rest);
            }
        }
        let dropped_lines = std::mem::take(&mut self.dropped_lines);
        if dropped_lines > 0 {
            tracing::warn!(
                connector = %self.connector,
                dropped_lines,
                "the connector wrote more than one call may log"
            );
        }
    }

    fn buffer(&mut self, source: Source) -> &mut Vec<u8> {
        match source {
            Source::Stdout | Source::Log => &mut self.stdout,
            Source::Stderr => &mut self.stderr,
        }
    }

    fn write(&mut self, source: Source, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            for chunk in part.chunks(MAX_LINE_BYTES) {
                let buffer = self.buffer(source);
                buffer.extend_from_slice(chunk);
                if chunk.ends_with(b"\n") || buffer.len() >= MAX_LINE_BYTES {
                    let line = std::mem::take(buffer);
                    self.line(source, LogLevel::Info, &line);
                }
            }
        }
    }

    fn line(&mut self, source: Source, level: LogLevel, line: &[u8]) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let bytes = line.len() as u64;
        let fits = self.lines_left > 0 && bytes <= self.bytes_left;
        if !fits && source != Source::Stderr {
            self.dropped_lines = self.dropped_lines.saturating_add(1);
            return;
        }
        let text = escape(line);
        if source == Source::Stderr {
            if self.tail.len() == TAIL_LINES {
                self.tail.pop_front();
            }
            self.tail.push_back(text.clone());
        }
        if !fits {
            self.dropped_lines = self.dropped_lines.saturating_add(1);
            return;
        }
        self.lines_left = self.lines_left.saturating_sub(1);
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        let (connector, source) = (&self.connector, source.name());
        match level {
            LogLevel::Debug => tracing::debug!(target: "guest", %connector, source, "{text}"),
            LogLevel::Info => tracing::info!(target: "guest", %connector, source, "{text}"),
            LogLevel::Warn => tracing::warn!(target: "guest", %connector, source, "{text}"),
            LogLevel::Error => tracing::error!(target: "guest", %connector, source, "{text}"),
        }
    }
}

/// A call that is cut off, as when its client goes away, ends without [`CallLog::finish`].
impl Drop for Inner {
    fn drop(&mut self) {
        self.finish();
    }
}

/// A line as text without control characters: each becomes an escape such as `\u{1b}`. So do the characters that turn
/// the direction of writing, which can make a line read as another.
fn escape(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = String::from_utf8_lossy(line);
    let mut text = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '\t' => text.push('\t'),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                // Writing to a string can't fail.
                let _ = write!(text, "{}", character.escape_unicode());
            }
            _ if character.is_control() => {
                let _ = write!(text, "{}", character.escape_unicode());
            }
            _ => text.push(character),
        }
    }
    text
}

/// A guest's stdout or stderr.
#[derive(Debug, Clone)]
pub(crate) struct GuestStream {
    log: CallLog,
    source: Source,
}

impl IsTerminal for GuestStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for GuestStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.log.lock().write(self.source, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for GuestStream {
    async fn ready(&mut self) {}
}

impl AsyncWrite for GuestStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.log.lock().write(self.source, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(max_lines: u32) -> CallLog {
        CallLog::new(&"beers".parse().unwrap(), max_lines)
    }

    #[test]
    fn control_characters_are_escaped() {
        for (line, expected) in [
            (&b"plain text"[..], "plain text"),
            (b"tab\tstays", "tab\tstays"),
            (b"windows\r", "windows"),
            (b"\x1b[31mred", "\\u{1b}[31mred"),
            (b"a\rb", "a\\u{d}b"),
            (b"null\0", "null\\u{0}"),
            (b"\xc2\x9b2J", "\\u{9b}2J"),
            ("a\u{202e}b".as_bytes(), "a\\u{202e}b"),
            (b"bad \xff utf-8", "bad \u{fffd} utf-8"),
        ] {
            assert_eq!(escape(line), expected, "{line:?}");
        }
    }

    #[test]
    fn lines_and_bytes_past_the_limit_are_counted_as_dropped() {
        let log = log(3);
        log.lock().write(Source::Stdout, b"1\n2\n3\n4\n5\n");
        assert_eq!(log.lock().dropped_lines, 2);
        let log = self::log(1_000_000);
        let long = vec![b'x'; usize::try_from(MAX_LOG_BYTES).unwrap()];
        log.lock().write(Source::Stdout, &long);
        assert_eq!(log.lock().dropped_lines, 0);
        log.lock().write(Source::Stdout, b"one more\n");
        assert_eq!(log.lock().dropped_lines, 1);
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let log = log(1_000);
        for _ in 0..100 {
            log.lock().write(Source::Stderr, &[b'x'; 10_000]);
        }
        assert!(log.lock().stderr.len() < MAX_LINE_BYTES);
        assert!(log.stderr_tail().len() <= TAIL_LINES * (MAX_LINE_BYTES + 1));
    }

    #[test]
    fn the_tail_keeps_the_last_lines_of_stderr_even_when_they_are_dropped() {
        let log = log(1);
        log.lock()
            .write(Source::Stderr, b"first\nthen\npanicked here\n");
        assert_eq!(log.stderr_tail(), "first\nthen\npanicked here");
        assert_eq!(log.lock().dropped_lines, 2);
    }
}
