//! What authors of connectors type, run as they would run it.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::child::Process;

/// Tools and packages may be downloaded slowly.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs `weld-host` with these arguments, and returns how long it took. It prints nothing unless it fails.
///
/// # Errors
///
/// It fails, as where a tool is missing.
pub(crate) fn weld_host(folder: &Path, arguments: &[&str]) -> anyhow::Result<Duration> {
    let what = format!(
        "weld-host {}",
        arguments.first().copied().unwrap_or("alone")
    );
    run(folder, &what, &[&["command"], arguments].concat())
}

/// Runs a line of shell, as [`weld_host()`].
///
/// # Errors
///
/// A command of it fails.
pub(crate) fn shell(folder: &Path, line: &str) -> anyhow::Result<Duration> {
    run(folder, line, &["exec", "sh", "-ec", line])
}

/// Runs this program in one of its modes, with the environment of whoever measures: tools look there for their own folders.
fn run(folder: &Path, what: &str, words: &[&str]) -> anyhow::Result<Duration> {
    let log = folder.join("log");
    let file = File::create(&log)?;
    let streams = (Stdio::from(file.try_clone()?), Stdio::from(file));
    let environment: Vec<_> = std::env::vars().collect();
    let environment: Vec<_> = environment
        .iter()
        // The stack of this program would hide what the command says.
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
