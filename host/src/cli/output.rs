//! What a command prints.

use std::io::{self, Write};

use crate::report;

/// Writes a line. Whether anyone reads it is not the server's concern: a closed pipe must not end it.
pub(super) fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    // Flushed at once: a supervisor waits for the first line, and stdout may be a pipe.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// A message, each of its lines without what could drive a terminal: it may name what a server named.
#[must_use]
pub fn printable(message: &str) -> String {
    let lines: Vec<_> = message.split('\n').map(report::escaped).collect();
    lines.join("\n")
}
