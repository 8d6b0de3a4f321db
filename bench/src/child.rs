//! Starts processes, and ends them in any case.
//!
//! Every process is this program again, in one of its modes. A foreign program is started by the mode `exec`: it asks
//! the kernel to end the process together with its parent, and then becomes that program. So nothing outlives a run,
//! even if the run is killed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use rustix::process::{Pid, Signal, kill_process_group, set_parent_process_death_signal};

/// How often to check a process that has a time limit.
const POLL: Duration = Duration::from_millis(20);

/// A process and its children. All of them are killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    /// Its output, once somebody has asked for a line of it.
    lines: Option<Receiver<String>>,
}

impl Process {
    /// Starts this program with `arguments`. Its environment contains only `environment`, `PATH`, and `folder` as
    /// home; the working directory is `folder`, too.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(crate) fn start(
        name: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        environment: &[(&str, String)],
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let streams = (Stdio::piped(), Stdio::inherit());
        Self::start_on(streams, name, arguments, environment, folder)
    }

    /// Like [`Process::start`], with the given stdout and stderr.
    ///
    /// # Errors
    ///
    /// An error of the system.
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
            // Its own process group, so that its children can be ended with it.
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

    /// Waits for a line of its output that contains `http://ADDRESS`.
    ///
    /// # Errors
    ///
    /// It ended, or printed no such line within `time`.
    pub(crate) fn announced_address(&mut self, time: Duration) -> anyhow::Result<SocketAddr> {
        self.announced(time, address_in)
            .with_context(|| format!("{} did not say where it listens", self.name))
    }

    /// Waits for the next line of its output for which `read` returns a value; earlier lines are dropped.
    ///
    /// # Errors
    ///
    /// It ended, or printed no such line within `time`.
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
                Err(_) => break Err(anyhow!("{} did not print the expected line", self.name)),
            }
        };
        self.lines = Some(lines);
        found
    }

    fn read_lines(&mut self) -> anyhow::Result<Receiver<String>> {
        let output = self.child.stdout.take().context("the output is taken")?;
        let (sender, receiver) = mpsc::channel();
        // The thread ends with the process, whose end of the pipe it reads.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // The receiver may be gone, but the process's output must still be read.
                let _ = sender.send(line);
            }
        });
        Ok(receiver)
    }

    /// Whether it has ended.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until it ends, and returns its output.
    ///
    /// # Errors
    ///
    /// It failed, or did not end within `time`; then it is killed.
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

    /// Waits until it ends.
    ///
    /// # Errors
    ///
    /// It failed, or did not end within `time`.
    pub(crate) fn succeed(&mut self, time: Duration) -> anyhow::Result<()> {
        let began = Instant::now();
        let status = loop {
            match self.ended()? {
                Some(status) => break status,
                None => {
                    ensure!(
                        began.elapsed() <= time,
                        "{} took longer than {time:?}",
                        self.name
                    );
                    thread::sleep(POLL);
                }
            }
        };
        ensure!(status.success(), "{} failed: {status}", self.name);
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The id of a process that was waited for may already belong to another one.
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // This fails only if there is nothing to end.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

/// Asks the kernel to end this process when its parent has ended.
///
/// # Errors
///
/// An error that prctl(2) does not document.
pub(crate) fn end_with_parent() -> anyhow::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::TERM))?)
}

/// Becomes another program. Returns only on failure.
///
/// # Errors
///
/// An error of the system, or there is no program given.
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
