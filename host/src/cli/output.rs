//! What a command prints to stdout.

use std::io::{self, Write};

/// Writes a line. Whether anyone reads it is not the server's concern: a closed pipe must not end it.
pub(super) fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    // Flushed at once: a supervisor waits for the first line, and stdout may be a pipe.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
