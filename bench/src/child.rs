//! Starting processes and ending them, whatever happens.
//!
//! Every process is this program again, in one of its modes. A foreign program is started by the mode `exec`, which
//! asks the kernel to end the process with the one that started it before it becomes that program. So nothing outlives
//! a run, not even one that was killed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group, set_parent_process_death_signal};

/// How often a process that was given some time is looked at.
const POLL: Duration = Duration::from_millis(20);

/// A process and its children; all of them are killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    /// What it prints, once somebody has asked for a line of it.
    lines: Option<Receiver<String>>,
}

impl Process {
    /// Starts this program with `arguments`, and with nothing in its environment but `environment`, `PATH`, and
    /// `folder` as home and working directory.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(crate) fn start(
        name: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        environment: &[(&str, String)],
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let streams = (Stdio::piped(), Stdio::inherit());
        Self::start_on(streams, name, arguments, environment, folder)
    }

    /// As [`Process::start`], with stdout and stderr of the caller's.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(crate) fn start_on(
        (stdout, stderr): (Stdio, Stdio),
        name: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        environment: &[(&str, String)],
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("where is this program?")?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let child = command
            .env("HOME", folder)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            // A group of its own, so that its children can be ended with it.
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            lines: None,
        })
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the line of its output that has `http://ADDRESS` in it.
    ///
    /// # Errors
    ///
    /// It ended, or printed no such line in `time`.
    pub(crate) fn announced_address(&mut self, time: Duration) -> anyhow::Result<SocketAddr> {
        self.announced(time, address_in)
            .with_context(|| format!("{} did not say where it listens", self.name))
    }

    /// Waits for the next line of its output that `read` makes something of; those before it are dropped.
    ///
    /// # Errors
    ///
    /// It ended, or printed no such line in `time`.
    pub(crate) fn announced<T>(
        &mut self,
        time: Duration,
        read: impl Fn(&str) -> Option<T>,
    ) -> anyhow::Result<T> {
        let end = Instant::now() + time;
        let lines = match self.lines.take() {
            Some(lines) => lines,
            None => self.read_lines()?,
        };
        let found = loop {
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(found) = read(&line) {
                        break Ok(found);
                    }
                }
                Err(_) => break Err(anyhow!("{} did not print what it should", self.name)),
            }
        };
        self.lines = Some(lines);
        found
    }

    fn read_lines(&mut self) -> anyhow::Result<Receiver<String>> {
        let output = self.child.stdout.take().context("the output is taken")?;
        let (sender, receiver) = mpsc::channel();
        // Ends with the process, whose end of the pipe it reads.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Who has heard enough is gone; the process must still get rid of what it prints.
                let _ = sender.send(line);
            }
        });
        Ok(receiver)
    }

    /// Whether it has ended by itself.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for its end and returns what it printed.
    ///
    /// # Errors
    ///
    /// It failed, or had not ended in `time`: then it is killed.
    pub(crate) fn output(mut self, time: Duration) -> anyhow::Result<String> {
        let mut output = self.child.stdout.take().context("the output is taken")?;
        let reader = thread::spawn(move || {
            let mut text = String::new();
            output.read_to_string(&mut text).map(|_| text)
        });
        self.succeed(time)?;
        let text = reader
            .join()
            .map_err(|_| anyhow!("{} could not be read", self.name))?;
        Ok(text?)
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// It failed, or had not ended in `time`.
    pub(crate) fn succeed(&mut self, time: Duration) -> anyhow::Result<()> {
        let began = Instant::now();
        let status = loop {
            match self.ended()? {
                Some(status) => break status,
                None if began.elapsed() > time => bail!("{} took longer than {time:?}", self.name),
                None => thread::sleep(POLL),
            }
        };
        ensure!(status.success(), "{} failed: {status}", self.name);
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Of a process that was waited for, the number may belong to another by now.
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // Fails only where there is nothing to end.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

/// Asks the kernel to end this process when the one that started it has ended.
///
/// # Errors
///
/// None that prctl(2) knows of.
pub(crate) fn end_with_parent() -> anyhow::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::TERM))?)
}

/// Becomes another program; returns only if that fails.
///
/// # Errors
///
/// The system's, or there is nothing to become.
pub(crate) fn exec(words: &[std::ffi::OsString]) -> anyhow::Result<()> {
    let (program, arguments) = words.split_first().context("which program?")?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("{} could not be started", program.display()))
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split(['/', ' ']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_announcements() {
        let expected = Some(([127, 0, 0, 1], 4_000).into());
        for line in [
            "http://127.0.0.1:4000",
            "weld-host 0.1.0 listening on http://127.0.0.1:4000",
            "beers  http://127.0.0.1:4000/beers  loaded",
        ] {
            assert_eq!(address_in(line), expected, "{line}");
        }
        for line in ["", "127.0.0.1:4000", "http://", "http://localhost:4000"] {
            assert_eq!(address_in(line), None, "{line}");
        }
    }
}
