//! A program that a test runs to its end or stops: a child process whose output is kept line by line.

use crate::PATIENCE;
use crate::lines::Lines;
use rustix::process::{Pid, Signal, kill_process};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A running program. Dropping it kills it.
pub struct Process {
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// The peak resident memory of a process in bytes.
///
/// # Panics
/// If the process is gone.
pub fn peak_memory(id: u32) -> u64 {
    memory(id, "VmHWM:")
}

/// The resident memory of a process that belongs to no file, in bytes.
///
/// # Panics
/// If the process is gone.
pub fn own_memory(id: u32) -> u64 {
    memory(id, "RssAnon:")
}

fn memory(id: u32, line_begin: &str) -> u64 {
    let path = format!("/proc/{id}/status");
    let status = std::fs::read_to_string(path).expect("the process runs");
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix(line_begin)?.trim().strip_suffix(" kB"))
        .and_then(|number| number.parse::<u64>().ok());
    kibibytes.expect("the kernel counts it") << 10
}

/// The ids of the processes that a process has started.
///
/// # Panics
/// If the process is gone.
pub fn children(process: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("it runs");
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok())
        .flat_map(|children| {
            children
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .map(|child| child.parse().unwrap())
        .collect()
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its lines on stdout.
    pub stdout: Vec<String>,
    /// Its lines on stderr.
    pub stderr: Vec<String>,
}

impl Process {
    /// Starts the program, without input.
    ///
    /// # Panics
    /// If it can't be started.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let stdout = Lines::capture(child.stdout.take().expect("it is piped"));
        let stderr = Lines::capture(child.stderr.take().expect("it is piped"));
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its output on stdout.
    pub fn stdout(&self) -> &Lines {
        &self.stdout
    }

    /// Its output on stderr.
    pub fn stderr(&self) -> &Lines {
        &self.stderr
    }

    /// Sends it a signal. Does nothing if it has ended.
    pub fn signal(&self, signal: Signal) {
        let _already_gone = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Waits until it has ended, and returns how.
    ///
    /// # Panics
    /// If it runs for longer than [`PATIENCE`].
    pub fn wait(mut self) -> Ended {
        assert!(
            self.stdout.end_within(PATIENCE) && self.stderr.end_within(PATIENCE),
            "it is still running:\n{}\n{}",
            self.stdout.end(),
            self.stderr.end()
        );
        Ended {
            status: self.child.wait().expect("a child can be waited for"),
            stdout: self.stdout.so_far(),
            stderr: self.stderr.so_far(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _status = self.child.wait();
    }
}
