//! What a guest writes (stdout, stderr, `log`) as lines of the host's log.
//!
//! Guests are not trusted: a line's control characters are escaped, so none can forge another line or drive a
//! terminal, and lines and bytes of one call are bounded over all three ways together.

use std::collections::VecDeque;
use std::sync::{Arc, MutexGuard};

use bytes::Bytes;

use crate::bindings::host::LogLevel;
use crate::config::{ConnectorName, MAX_LOG_BYTES};
use crate::lock::Mutex;
use crate::report;
use crate::secrets::{Replacer, Secrets};

/// The longest line before its characters are escaped. Of a stream, what goes past it becomes a line of its own, so
/// that a guest which never ends its line costs no more memory than this; a message of `log` is cut.
const MAX_LINE_BYTES: usize = 8 << 10;

/// How much of a message is read: more than is shown, since secrets in it may be longer than what stands in their place.
pub(super) const READ_LINE_BYTES: usize = 4 * MAX_LINE_BYTES;

/// How much of stderr's end is kept for the report of a crash, dropped lines included.
const TAIL_LINES: usize = 20;

/// How many bytes these lines may have together, escaped. Of a longer one the beginning is kept.
const TAIL_BYTES: usize = 16 << 10;

/// Where a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GuestOutput {
    Stdout,
    Stderr,
    Log,
}

impl GuestOutput {
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
    state: Arc<Mutex<LogState>>,
}

#[derive(Debug)]
struct LogState {
    connector: ConnectorName,
    lines_left: u32,
    bytes_left: u64,
    dropped_lines: u64,
    stdout: UnfinishedLine,
    stderr: UnfinishedLine,
    secrets: Secrets,
    tail: VecDeque<String>,
}

/// What a guest wrote to a stream since the last end of a line.
#[derive(Debug, Default)]
struct UnfinishedLine {
    line: Vec<u8>,
    /// Made at the first write: most calls write nothing.
    replacer: Option<Replacer>,
}

impl CallLog {
    /// The log of a call; what it is given is rid of `secrets`.
    pub(crate) fn new(connector: &ConnectorName, max_lines: u32, secrets: Secrets) -> Self {
        Self {
            state: Arc::new(Mutex::new(LogState {
                connector: connector.clone(),
                lines_left: max_lines,
                bytes_left: MAX_LOG_BYTES,
                dropped_lines: 0,
                stdout: UnfinishedLine::default(),
                stderr: UnfinishedLine::default(),
                secrets,
                tail: VecDeque::new(),
            })),
        }
    }

    /// A message of the contract's `log`; one with line breaks stays one line, its breaks escaped.
    pub(super) fn guest_line(&self, level: LogLevel, message: &str) {
        let mut state = self.lock();
        if state.lines_left == 0 {
            drop(state);
            self.drop_line();
            return;
        }
        let message = state.secrets.shown_beginning(message, MAX_LINE_BYTES);
        state.line(GuestOutput::Log, level, message.as_bytes());
    }

    /// Counts a message that there was no room for.
    pub(super) fn drop_line(&self) {
        let mut state = self.lock();
        state.dropped_lines = state.dropped_lines.saturating_add(1);
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

    /// Bytes of a stream, in which lines end as they may.
    pub(super) fn write(&self, output: GuestOutput, bytes: &[u8]) {
        self.lock().write(output, bytes);
    }

    fn lock(&self) -> MutexGuard<'_, LogState> {
        self.state.lock()
    }
}

impl LogState {
    fn finish(&mut self) {
        for output in [GuestOutput::Stdout, GuestOutput::Stderr] {
            if let Some(mut replacer) = self.unfinished(output).replacer.take() {
                let rest = replacer.finish();
                self.split(output, &rest);
            }
            let rest = std::mem::take(&mut self.unfinished(output).line);
            if !rest.is_empty() {
                self.line(output, LogLevel::Info, &rest);
            }
        }
        let dropped_lines = std::mem::take(&mut self.dropped_lines);
        if dropped_lines > 0 {
            tracing::warn!(
                connector = %self.connector,
                dropped_lines,
                "the connector wrote more than one call may log, or than the host has memory for"
            );
        }
    }

    fn unfinished(&mut self, output: GuestOutput) -> &mut UnfinishedLine {
        match output {
            GuestOutput::Stdout | GuestOutput::Log => &mut self.stdout,
            GuestOutput::Stderr => &mut self.stderr,
        }
    }

    /// Secrets go before lines are made: a long line is cut, and could be cut in the middle of one.
    fn write(&mut self, output: GuestOutput, bytes: &[u8]) {
        // Of stderr the last lines are kept, also of those that are dropped.
        if self.lines_left == 0 && output != GuestOutput::Stderr {
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            self.dropped_lines = self.dropped_lines.saturating_add(lines as u64);
            return;
        }
        let finder = self.secrets.all();
        let unfinished = self.unfinished(output);
        if let Some(finder) = finder {
            let replacer = unfinished
                .replacer
                .get_or_insert_with(|| Replacer::new(finder.clone()));
            replacer.search_with(finder);
            let bytes = replacer.push(&Bytes::copy_from_slice(bytes));
            self.split(output, &bytes);
        } else {
            self.split(output, bytes);
        }
    }

    fn split(&mut self, output: GuestOutput, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut rest = part;
            while !rest.is_empty() {
                let buffer = &mut self.unfinished(output).line;
                let room = MAX_LINE_BYTES.saturating_sub(buffer.len());
                let (fitting, more) = rest.split_at(room.min(rest.len()));
                buffer.extend_from_slice(fitting);
                rest = more;
                if fitting.ends_with(b"\n") || buffer.len() >= MAX_LINE_BYTES {
                    let line = std::mem::take(buffer);
                    self.line(output, LogLevel::Info, &line);
                }
            }
        }
    }

    /// Adds a line to stderr's end; as many go as have no room beside it.
    fn keep_at_end(&mut self, line: &str) {
        // With the sign that something is left out.
        let line = report::shortened(line, TAIL_BYTES - '…'.len_utf8());
        let kept: usize = self.tail.iter().map(String::len).sum();
        let mut bytes = kept.saturating_add(line.len());
        while self.tail.len() >= TAIL_LINES || bytes > TAIL_BYTES {
            let Some(oldest) = self.tail.pop_front() else {
                break;
            };
            bytes = bytes.saturating_sub(oldest.len());
        }
        self.tail.push_back(line);
    }

    fn line(&mut self, output: GuestOutput, level: LogLevel, line: &[u8]) {
        let fits = self.lines_left > 0 && line.len() as u64 <= self.bytes_left;
        if !fits && output != GuestOutput::Stderr {
            self.dropped_lines = self.dropped_lines.saturating_add(1);
            return;
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = report::escaped(&String::from_utf8_lossy(line));
        // What counts is what the log gets: an escape is up to six times as long as its character.
        let bytes = text.len() as u64;
        let fits = fits && bytes <= self.bytes_left;
        if output == GuestOutput::Stderr {
            self.keep_at_end(&text);
        }
        if !fits {
            self.dropped_lines = self.dropped_lines.saturating_add(1);
            return;
        }
        self.lines_left = self.lines_left.saturating_sub(1);
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        let (connector, source) = (&self.connector, output.name());
        match level {
            LogLevel::Debug => tracing::debug!(target: "guest", %connector, source, "{text}"),
            LogLevel::Info => tracing::info!(target: "guest", %connector, source, "{text}"),
            LogLevel::Warn => tracing::warn!(target: "guest", %connector, source, "{text}"),
            LogLevel::Error => tracing::error!(target: "guest", %connector, source, "{text}"),
        }
    }
}

/// A call that is cut off, as when its client goes away, ends without [`CallLog::finish`].
impl Drop for LogState {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(max_lines: u32) -> CallLog {
        CallLog::new(&"beers".parse().unwrap(), max_lines, Secrets::default())
    }

    #[test]
    fn lines_and_bytes_past_the_limit_are_counted_as_dropped() {
        let log = log(3);
        log.lock().write(GuestOutput::Stdout, b"1\n2\n3\n4\n5\n");
        assert_eq!(log.lock().dropped_lines, 2);
        let log = self::log(1_000_000);
        let long = vec![b'x'; usize::try_from(MAX_LOG_BYTES).unwrap()];
        log.lock().write(GuestOutput::Stdout, &long);
        assert_eq!(log.lock().dropped_lines, 0);
        log.lock().write(GuestOutput::Stdout, b"one more\n");
        assert_eq!(log.lock().dropped_lines, 1);
    }

    #[test]
    fn escapes_count_with_their_length() {
        let log = log(1_000_000);
        for _ in 0..100 {
            log.lock().write(GuestOutput::Stdout, &[1; 8_000]);
            log.lock().write(GuestOutput::Stdout, b"\n");
        }
        let left = log.lock().bytes_left;
        assert!(log.lock().dropped_lines >= 90 && left < MAX_LOG_BYTES);
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let log = log(1_000);
        for _ in 0..100 {
            log.lock().write(GuestOutput::Stderr, &[b'x'; 10_000]);
        }
        assert!(log.lock().stderr.line.len() < MAX_LINE_BYTES);
    }

    #[test]
    fn the_tail_takes_bounded_memory_whatever_its_lines_are() {
        let log = log(1_000);
        let longest = "\u{1b}".repeat(MAX_LINE_BYTES - 1);
        for line in [&*"x".repeat(5_000), "last"].repeat(20) {
            log.lock()
                .write(GuestOutput::Stderr, format!("{line}\n").as_bytes());
        }
        let tail = log.stderr_tail();
        assert!(tail.len() <= TAIL_BYTES + TAIL_LINES, "{}", tail.len());
        assert!(tail.ends_with("last") && tail.contains('x'));
        log.lock()
            .write(GuestOutput::Stderr, format!("{longest}\n").as_bytes());
        assert_eq!(log.stderr_tail().len(), TAIL_BYTES);
        assert!(log.stderr_tail().ends_with('…'));
    }

    #[test]
    fn a_secret_written_in_pieces_or_across_the_cut_of_a_line_is_not_shown() {
        let secrets = Secrets::default();
        secrets.add("hunter2hunter2", "api.value");
        let log = CallLog::new(&"beers".parse().unwrap(), 1_000, secrets.clone());
        log.lock().write(GuestOutput::Stderr, b"it is hunter2");
        log.lock().write(GuestOutput::Stderr, b"hunter2\n");
        log.lock()
            .write(GuestOutput::Stderr, &[b'x'; MAX_LINE_BYTES - 5]);
        log.lock().write(GuestOutput::Stderr, b"hunter2hunter2\n");
        // Come while the call goes on.
        secrets.add("token4token4", "token");
        log.lock()
            .write(GuestOutput::Stderr, b"token4token4 and hunter2");
        log.finish();
        let tail = log.stderr_tail();
        assert!(tail.starts_with("it is [secret api.value]\nxxx"), "{tail}");
        assert!(tail.ends_with("[secret token] and hunter2"), "{tail}");
        assert!(!tail.replace('\n', "").contains("hunter2hunter2"), "{tail}");
    }

    #[test]
    fn the_tail_keeps_the_last_lines_of_stderr_even_when_they_are_dropped() {
        let log = log(1);
        log.lock()
            .write(GuestOutput::Stderr, b"first\nthen\npanicked here\n");
        assert_eq!(log.stderr_tail(), "first\nthen\npanicked here");
        assert_eq!(log.lock().dropped_lines, 2);
    }
}
