//! The server under test: the real program as a child process, with its own plugins folder.

mod builder;

use crate::PATIENCE;
use crate::lines::Lines;
use crate::process::peak_memory;
use crate::weld::{Request, Weld};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::Duration;
use tempfile::TempDir;

pub use builder::{Failure, HostBuilder};

/// How long a dropped host may take to stop before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A running host. Dropping it stops it.
pub struct Host {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    address: SocketAddr,
    plugins: TempDir,
}

impl Host {
    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Weld, set up with the connector of this name and no key.
    pub fn weld(&self, connector: &str) -> Weld {
        Weld::new(self.address, &format!("/{connector}"))
    }

    /// Weld, set up with the URL of the host itself and no key.
    pub fn weld_at_root(&self) -> Weld {
        Weld::new(self.address, "")
    }

    /// A request to a path of the host, without a key.
    pub fn request(&self, method: &str, target: &str) -> Request {
        Request::new(self.address, method, target)
    }

    /// The line about a connector that the host prints at startup.
    ///
    /// # Panics
    /// If it prints none.
    pub fn announcement(&self, connector: &str) -> String {
        let begin = format!("  {connector}  ");
        self.stdout
            .wait_for(&format!("the connector {connector}"), |line| {
                line.starts_with(&begin)
            })
    }

    /// Its output for people.
    pub fn stdout(&self) -> &Lines {
        &self.stdout
    }

    /// Its log.
    pub fn log(&self) -> &Lines {
        &self.stderr
    }

    /// Its plugins folder.
    pub fn plugins(&self) -> &Path {
        self.plugins.path()
    }

    /// Asks the host to stop, as a supervisor does.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Its peak resident memory in bytes.
    ///
    /// # Panics
    /// If the process is gone.
    pub fn peak_memory(&self) -> u64 {
        peak_memory(self.child.id())
    }

    /// Its memory mappings, from `/proc/PID/maps`.
    ///
    /// # Panics
    /// If the process is gone.
    pub fn maps(&self) -> String {
        let path = format!("/proc/{}/maps", self.child.id());
        fs::read_to_string(path).expect("the process runs")
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If the process is gone.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the host runs");
    }

    /// Its exit status, once it has ended.
    ///
    /// # Panics
    /// If it runs for longer than [`PATIENCE`].
    pub fn wait_for_exit(&mut self) -> ExitStatus {
        assert!(
            self.stdout.end_within(PATIENCE),
            "the host is still running:\n{}",
            self.stderr.end()
        );
        self.child.wait().expect("a child can be waited for")
    }

    fn announced_address(&self) -> SocketAddr {
        let begin = "weld-host ";
        let line = self
            .stdout
            .wait_for("the address", |line| line.starts_with(begin));
        address_at_the_end(&line)
    }

    /// The address in the log in the JSON format.
    fn logged_address(&self) -> SocketAddr {
        let line = self.stderr.wait_for_text("\"message\":\"listening\"");
        let event: Value = serde_json::from_str(&line).expect("an object");
        address_at_the_end(event["url"].as_str().expect("a URL"))
    }
}

fn address_at_the_end(text: &str) -> SocketAddr {
    let address = text
        .rsplit("://")
        .next()
        .and_then(|address| address.parse().ok());
    address.unwrap_or_else(|| panic!("no address in: {text}"))
}

impl Drop for Host {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "the host wrote:\n{}\n{}",
                self.stdout.end(),
                self.stderr.end()
            );
        }
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let _already_gone = kill_process(Pid::from_child(&self.child), Signal::TERM);
        if !self.stdout.end_within(STOP_WITHIN) {
            let _already_gone = self.child.kill();
        }
        let _status = self.child.wait();
    }
}
