//! Writes a guest's output (stdout, stderr, `log`) as lines of the host's log.
//!
//! Guests are not trusted: a line's control characters are escaped, so that it can neither forge another line nor
//! control a terminal. A message of several lines stays one event, and so do the lines of a traceback on a stream; the
//! log's format keeps its lines apart from other events. One call's lines and bytes are limited over all three kinds of output together.

use std::collections::VecDeque;
use std::sync::{Arc, MutexGuard};

use bytes::Bytes;

use super::joined_lines::JoinedLines;
use crate::bindings::host::LogLevel;
use crate::config::{ConnectorName, MAX_LOG_BYTES};
use crate::lock::Mutex;
use crate::report;
use crate::secrets::{Replacer, Secrets};

/// The longest line, before its characters are escaped. The rest of a longer line of a stream becomes a separate line,
/// so that a guest which never ends its line costs no more memory than this; in a message of `log`, the line is truncated.
const MAX_LINE_BYTES: usize = 8 << 10;

/// The longest message of `log`, with all of its lines, before its characters are escaped. The rest is cut off.
const MAX_MESSAGE_BYTES: usize = 32 << 10;

/// The number of bytes of a message that are read: more than are shown, since secrets in it may be longer than their
/// replacements.
pub(super) const READ_MESSAGE_BYTES: usize = 4 * MAX_MESSAGE_BYTES;

/// The number of lines at the end of stderr that are kept for the report of a crash, including dropped ones.
const TAIL_LINES: usize = 20;

/// The total size of these lines, escaped. Only the beginning of a longer line is kept.
const TAIL_BYTES: usize = 16 << 10;

/// The origin of a line.
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
    /// The last lines, which may get more, and their stream.
    open: Option<(GuestOutput, JoinedLines)>,
}

/// The output to a stream since the last line break.
#[derive(Debug, Default)]
struct UnfinishedLine {
    line: Vec<u8>,
    /// Created at the first write: most calls write nothing.
    replacer: Option<Replacer>,
}

impl CallLog {
    /// The log of a call. `secrets` are replaced in all output.
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
                open: None,
            })),
        }
    }

    /// Logs a message of the contract's `log` as one event, which may have several lines.
    pub(super) fn guest_message(&self, level: LogLevel, message: &str) {
        let mut state = self.lock();
        if state.lines_left == 0 {
            drop(state);
            self.drop_line();
            return;
        }
        let message = state.secrets.shown_beginning(message, MAX_MESSAGE_BYTES);
        state.message(level, &message);
    }

    /// Logs the lines of a traceback so far. The guest is about to do something that may take long, so it has written
    /// all of it.
    pub(super) fn settle(&self) {
        self.lock().settle();
    }

    /// Counts a message that was dropped because there was no memory for it.
    pub(super) fn drop_line(&self) {
        let mut state = self.lock();
        state.dropped_lines = state.dropped_lines.saturating_add(1);
    }

    /// Logs unfinished lines of the streams, and how many lines were dropped. The report of a crash needs the whole
    /// stderr, so this can't wait until the last stream is dropped.
    pub(crate) fn finish(&self) {
        self.lock().finish();
    }

    /// The last lines of stderr, escaped.
    pub(crate) fn stderr_tail(&self) -> String {
        Vec::from(self.lock().tail.clone()).join("\n")
    }

    /// Writes bytes to a stream. They may contain any number of line breaks.
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
                self.line(output, &rest);
            }
        }
        self.settle();
        let dropped_lines = std::mem::take(&mut self.dropped_lines);
        if dropped_lines > 0 {
            tracing::warn!(
                connector = %self.connector,
                dropped_lines,
                "the connector's output was dropped: it exceeds the limit of one call (`limits.log-lines`, 256 KiB) or the memory of the host"
            );
        }
    }

    fn unfinished(&mut self, output: GuestOutput) -> &mut UnfinishedLine {
        match output {
            GuestOutput::Stdout | GuestOutput::Log => &mut self.stdout,
            GuestOutput::Stderr => &mut self.stderr,
        }
    }

    /// Replaces secrets before splitting the output into lines: a long line is cut, perhaps within a secret.
    fn write(&mut self, output: GuestOutput, bytes: &[u8]) {
        // The last lines of stderr are kept even if they are dropped from the log.
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
        let stays = |(_, lines): &(GuestOutput, JoinedLines)| lines.outlasts_a_write();
        if !self.open.as_ref().is_some_and(stays) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        if let Some((output, lines)) = self.open.take() {
            self.event(output, LogLevel::Info, &lines.into_text());
        }
    }

    /// Adds a line to the lines that it belongs to, or logs these and begins with it.
    fn join(&mut self, output: GuestOutput, mut line: String) {
        if let Some((_, lines)) = self.open.as_mut().filter(|(open, _)| *open == output) {
            match lines.add(line) {
                Ok(()) => return,
                Err(same) => line = same,
            }
        }
        self.settle();
        self.open = Some((output, JoinedLines::begin(line)));
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
                    self.line(output, &line);
                }
            }
        }
    }

    /// Adds a line to the end of stderr that is kept; removes the oldest lines if there is no space.
    fn keep_at_end(&mut self, line: &str) {
        // Includes the sign for omitted text.
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

    /// Logs a message as one event; those of its lines that exceed the limit are dropped.
    fn message(&mut self, level: LogLevel, message: &str) {
        let (mut text, mut kept, mut bytes) = (String::new(), 0, 0);
        let mut lines = message.lines();
        // An empty message is a line, too.
        let first = lines.next().unwrap_or_default();
        for line in std::iter::once(first).chain(lines) {
            let line = report::escaped(&report::shortened(line, MAX_LINE_BYTES));
            let with_line = bytes + line.len() as u64;
            if kept >= self.lines_left || with_line > self.bytes_left {
                self.dropped_lines = self.dropped_lines.saturating_add(1);
                continue;
            }
            if kept > 0 {
                text.push('\n');
            }
            text.push_str(&line);
            (kept, bytes) = (kept + 1, with_line);
        }
        self.lines_left = self.lines_left.saturating_sub(kept);
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        if kept > 0 {
            self.settle();
            self.event(GuestOutput::Log, level, &text);
        }
    }

    fn line(&mut self, output: GuestOutput, line: &[u8]) {
        let fits = self.lines_left > 0 && line.len() as u64 <= self.bytes_left;
        if !fits && output != GuestOutput::Stderr {
            self.dropped_lines = self.dropped_lines.saturating_add(1);
            return;
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = report::escaped(&String::from_utf8_lossy(line));
        // The escaped length counts: an escape is up to six times as long as its character.
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
        self.join(output, text);
    }

    fn event(&self, output: GuestOutput, level: LogLevel, text: &str) {
        let (connector, source) = (&self.connector, output.name());
        match level {
            LogLevel::Debug => tracing::debug!(target: "guest", %connector, source, "{text}"),
            LogLevel::Info => tracing::info!(target: "guest", %connector, source, "{text}"),
            LogLevel::Warn => tracing::warn!(target: "guest", %connector, source, "{text}"),
            LogLevel::Error => tracing::error!(target: "guest", %connector, source, "{text}"),
        }
    }
}

/// A call that is aborted, for example because its client disconnects, ends without [`CallLog::finish`].
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
    fn lines_of_a_message_count_each() {
        let log = log(3);
        for (message, left, dropped) in [("1\n2\n", 1, 0), ("3\n4\n5", 0, 2), ("6", 0, 3)] {
            log.guest_message(LogLevel::Info, message);
            let state = log.lock();
            assert_eq!(
                (state.lines_left, state.dropped_lines),
                (left, dropped),
                "{message:?}"
            );
        }
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
    fn an_endless_line_takes_limited_memory() {
        let log = log(1_000);
        for _ in 0..100 {
            log.lock().write(GuestOutput::Stderr, &[b'x'; 10_000]);
        }
        assert!(log.lock().stderr.line.len() < MAX_LINE_BYTES);
    }

    #[test]
    fn the_tail_takes_limited_memory_for_any_lines() {
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
    fn a_secret_written_in_parts_or_across_a_cut_line_is_not_shown() {
        let secrets = Secrets::default();
        secrets.add("hunter2hunter2", "api.value");
        let log = CallLog::new(&"beers".parse().unwrap(), 1_000, secrets.clone());
        log.lock().write(GuestOutput::Stderr, b"it is hunter2");
        log.lock().write(GuestOutput::Stderr, b"hunter2\n");
        log.lock()
            .write(GuestOutput::Stderr, &[b'x'; MAX_LINE_BYTES - 5]);
        log.lock().write(GuestOutput::Stderr, b"hunter2hunter2\n");
        // Secrets may be registered during the call.
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
