//! Runs the commands of connectors' authors as they would.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::child::Process;

/// Tools and packages may be downloaded slowly.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs `weld-host` with these arguments, and returns how long it took. It shows the output only if the command
/// fails.
///
/// # Errors
///
/// The command fails, for example because a tool is missing.
pub(crate) fn weld_host(folder: &Path, arguments: &[&str]) -> anyhow::Result<Duration> {
    let what = format!(
        "weld-host {}",
        arguments.first().copied().unwrap_or("alone")
    );
    run(folder, &what, &[&["command"], arguments].concat())
}

/// Runs a shell command line, like [`weld_host()`].
///
/// # Errors
///
/// One of its commands fails.
pub(crate) fn shell(folder: &Path, line: &str) -> anyhow::Result<Duration> {
    run(folder, line, &["exec", "sh", "-ec", line])
}

/// Runs this program in one of its modes, with the caller's environment, since tools find their own folders there.
fn run(folder: &Path, what: &str, words: &[&str]) -> anyhow::Result<Duration> {
    let log = folder.join("log");
    let file = File::create(&log)?;
    let streams = (Stdio::from(file.try_clone()?), Stdio::from(file));
    let environment: Vec<_> = std::env::vars().collect();
    let environment: Vec<_> = environment
        .iter()
        // A backtrace of this program would hide the command's own message.
        .filter(|(name, _)| name != "RUST_BACKTRACE")
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let began = Instant::now();
    let mut process = Process::start_on(streams, what, words, &environment, folder)?;
    process
        .succeed(PATIENCE)
        .with_context(|| last_lines(&log))?;
    Ok(began.elapsed())
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let mut lines: Vec<_> = text.lines().rev().take(5).collect();
    lines.reverse();
    lines.join("\n")
}
