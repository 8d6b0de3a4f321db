//! Runs other programs.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};

use tokio::process::Command;

use super::disk_space::full_disk;
use super::error::BuildError;
use super::output::{FailureReport, show, show_progress};
use super::process_group::ProcessGroup;

/// A program with arguments, and how to get it.
#[derive(Debug)]
pub(in crate::author) struct Tool {
    program: OsString,
    arguments: Vec<OsString>,
    folder: PathBuf,
    variables: Vec<(&'static str, OsString)>,
    get: &'static str,
}

impl Tool {
    /// A program by its path, or by its name on the search path. It is run in `folder`.
    pub(in crate::author) fn new(
        program: impl Into<OsString>,
        folder: &Path,
        get: &'static str,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            folder: folder.to_owned(),
            variables: Vec::new(),
            get,
        }
    }

    /// Sets an environment variable, in addition to those of this program.
    pub(in crate::author) fn with_variable(
        mut self,
        name: &'static str,
        value: impl Into<OsString>,
    ) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(in crate::author) fn with<A: Into<OsString>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// The call as a person would type it, without quotes.
    pub(in crate::author) fn line(&self) -> String {
        let within = |word: &OsString| {
            let path = Path::new(word);
            let path = path.strip_prefix(&self.folder).unwrap_or(path);
            path.display().to_string()
        };
        let words: Vec<_> = std::iter::once(&self.program)
            .chain(&self.arguments)
            .map(within)
            .collect();
        words.join(" ")
    }

    /// Runs it; returns how it ended, and its output on stdout and then on stderr.
    pub(super) async fn run_for_words(
        &self,
        announce: &mut dyn FnMut(&str),
    ) -> Result<(ExitStatus, String), BuildError> {
        announce(&self.line());
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = self.output(command).await?;
        let words = [output.stdout, output.stderr].concat();
        Ok((output.status, String::from_utf8_lossy(&words).into_owned()))
    }

    /// Runs it and requires success. Returns its stdout; its stderr goes to the terminal.
    pub(in crate::author) async fn run_for_stdout(
        &self,
        announce: &mut dyn FnMut(&str),
    ) -> Result<Vec<u8>, BuildError> {
        let output = self.finish(announce, Stdio::piped()).await?;
        Ok(output.stdout)
    }

    /// Runs it and requires success. Returns its output. Lines of its stderr for which `is_progress` holds are shown as
    /// they come, the others after it has succeeded; if it fails, `reduce` makes a report of stdout and stderr.
    ///
    /// # Errors
    ///
    /// [`BuildError::Source`] with the cause from the report, or [`BuildError::Failed`].
    pub(super) async fn run_filtered(
        &self,
        announce: &mut dyn FnMut(&str),
        is_progress: fn(&str) -> bool,
        reduce: impl FnOnce(&str, &str) -> FailureReport,
    ) -> Result<Vec<u8>, BuildError> {
        announce(&self.line());
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|source| self.not_run(source))?;
        let mut group = ProcessGroup::of(&child);
        let stderr = child.stderr.take();
        let (output, held) =
            tokio::join!(child.wait_with_output(), show_progress(stderr, is_progress));
        group.release();
        let output = output.map_err(|source| self.not_run(source))?;
        if output.status.success() {
            show(held.lines());
            return Ok(output.stdout);
        }
        let stdout = String::from_utf8_lossy(&output.stdout);
        let report = reduce(&stdout, &held);
        let words = (&*format!("{stdout}\n{held}"), report.cause.as_deref());
        match full_disk(&self.line(), words, &self.folder) {
            Some(error) => Err(error),
            None => Err(report.into_error(&self.line(), output.status)),
        }
    }

    async fn finish(
        &self,
        announce: &mut dyn FnMut(&str),
        stdout: Stdio,
    ) -> Result<Output, BuildError> {
        announce(&self.line());
        let mut command = self.command();
        command.stdout(stdout).stderr(Stdio::inherit());
        let output = self.output(command).await?;
        if !output.status.success() {
            if let Some(error) = self.full_disk("") {
                return Err(error);
            }
            return Err(BuildError::Failed {
                command: self.line(),
                status: output.status,
            });
        }
        Ok(output)
    }

    /// The error if it failed with this output because a disk is full.
    pub(super) fn full_disk(&self, output: &str) -> Option<BuildError> {
        full_disk(&self.line(), (output, None), &self.folder)
    }

    /// Its trimmed stdout; `None` if it fails. Its stderr is discarded.
    ///
    /// # Errors
    ///
    /// It is missing or can't be run.
    pub(super) async fn ask(&self) -> Result<Option<String>, BuildError> {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let output = self.output(command).await?;
        let answer = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(output.status.success().then_some(answer))
    }

    /// Whether it is installed and succeeds.
    pub(super) async fn is_there(&self) -> Result<bool, BuildError> {
        match self.ask().await {
            Ok(answer) => Ok(answer.is_some()),
            Err(BuildError::Missing { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Fails if the version in its output is older than `needed`. A version that can't be parsed is accepted.
    pub(super) async fn require(
        &self,
        tool: &'static str,
        needed: &'static str,
    ) -> Result<(), BuildError> {
        let answer = self.ask().await?.unwrap_or_default();
        let found = answer.split_whitespace().next_back().unwrap_or_default();
        match (version(found), version(needed)) {
            (Some(number), Some(least)) if number < least => Err(BuildError::Version {
                tool,
                found: found.trim_start_matches('v').to_owned(),
                needed,
                get: self.get,
            }),
            _ => Ok(()),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            // If a signal ends the command, the tool must end too, with everything that it has started.
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    async fn output(&self, mut command: Command) -> Result<Output, BuildError> {
        let child = command.spawn().map_err(|source| self.not_run(source))?;
        let mut group = ProcessGroup::of(&child);
        let output = child.wait_with_output().await;
        group.release();
        output.map_err(|source| self.not_run(source))
    }

    fn not_run(&self, source: io::Error) -> BuildError {
        if source.kind() == io::ErrorKind::NotFound {
            return BuildError::Missing {
                tool: name(&self.program),
                get: self.get,
            };
        }
        BuildError::NotRun {
            command: self.line(),
            source,
        }
    }
}

fn name(program: &OsStr) -> String {
    let name = Path::new(program).file_name().unwrap_or(program);
    name.to_string_lossy().into_owned()
}

/// The first two numbers of a version such as `v20.1.0`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim_start_matches('v').split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next().map_or(Some(0), |minor| minor.parse().ok())?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        for (text, expected) in [
            ("v20.20.2", Some((20, 20))),
            ("0.25.1", Some((0, 25))),
            ("20", Some((20, 0))),
            ("", None),
            ("unknown", None),
            ("1.x", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
        assert!(version("0.9.0") < version("0.25"), "by number, not by text");
    }
}
