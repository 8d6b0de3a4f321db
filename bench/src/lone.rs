//! A separate host with its own plugins folder, observed from outside.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::child::Process;
use crate::jobs::KEY;
use crate::processes::{kibibytes_of, usage_of_tree};

/// Connectors may have to be compiled, a thousand of them by a debug build.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// How often to look at a host that is filling or emptying.
const LOOK: Duration = Duration::from_millis(500);

/// How much processor time an idle host may use from one look to the next.
const QUIET: Duration = Duration::from_millis(20);

/// A connector as files of a plugins folder.
pub(crate) struct Plugin {
    pub(crate) name: String,
    pub(crate) component: &'static [u8],
    /// The contents of its `.toml`; may be empty.
    pub(crate) configuration: String,
}

/// The folders of a host, which several hosts may use in turn.
pub(crate) struct Site(TempDir);

/// A listening host. Dropping it ends it.
pub(crate) struct LoneHost {
    process: Process,
    pub(crate) address: SocketAddr,
    /// The time from its start to the line with its address.
    pub(crate) listening_after: Duration,
    /// How many sandboxes it announces to hold at once.
    pub(crate) slots: u32,
}

/// Resident memory by kind (proc(5)), in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resident {
    /// `VmRSS`: all of it.
    pub(crate) all: u64,
    /// `RssAnon`: memory that belongs to no file.
    pub(crate) anonymous: u64,
    /// `RssFile`: the program, and compiled code that is mapped from the cache.
    pub(crate) file: u64,
}

impl Site {
    /// Writes a plugins folder.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(crate) fn set(plugins: &[Plugin]) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("weld-host-bench-")
            .tempdir()?;
        let site = Self(folder);
        fs::create_dir(site.plugins())?;
        for plugin in plugins {
            site.put(&plugin.name, plugin.component, &plugin.configuration)?;
        }
        Ok(site)
    }

    /// Puts a connector into the plugins folder.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(crate) fn put(
        &self,
        name: &str,
        component: &[u8],
        configuration: &str,
    ) -> anyhow::Result<()> {
        fs::write(self.plugins().join(format!("{name}.wasm")), component)?;
        fs::write(self.plugins().join(format!("{name}.toml")), configuration)?;
        Ok(())
    }

    /// Starts `weld-host serve` with further flags.
    ///
    /// # Errors
    ///
    /// It does not start.
    pub(crate) fn start(&self, flags: &[String]) -> anyhow::Result<LoneHost> {
        let mut words: Vec<OsString> = vec![
            "host".into(),
            self.plugins().into(),
            self.path().join("cache").into(),
        ];
        words.extend(flags.iter().map(OsString::from));
        let environment = [("WELD_API_KEY", KEY.to_owned())];
        // A log line for each refused call, as operators have it, but not on the terminal.
        let log = File::create(self.path().join("log"))?;
        let began = Instant::now();
        let streams = (Stdio::piped(), log.into());
        let mut process =
            Process::start_on(streams, "weld-host", words, &environment, self.path())?;
        let address = process
            .announced_address(PATIENCE)
            .with_context(|| self.log())?;
        let listening_after = began.elapsed();
        let slots = process.announced(PATIENCE, slots_in)?;
        Ok(LoneHost {
            process,
            address,
            listening_after,
            slots,
        })
    }

    /// The end of the last host's log.
    fn log(&self) -> String {
        let log = fs::read_to_string(self.path().join("log")).unwrap_or_default();
        let mut lines: Vec<_> = log.lines().rev().take(10).collect();
        lines.reverse();
        lines.join("\n")
    }

    /// How many lines of the last host's log contain this text.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(crate) fn logged(&self, text: &str) -> anyhow::Result<usize> {
        let log = fs::read_to_string(self.path().join("log"))?;
        Ok(log.lines().filter(|line| line.contains(text)).count())
    }

    /// How many components are in the cache.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(crate) fn cached_components(&self) -> anyhow::Result<usize> {
        let mut count = 0;
        for file in fs::read_dir(self.path().join("cache"))? {
            count += usize::from(
                file?
                    .path()
                    .extension()
                    .is_some_and(|ending| ending == "sha256"),
            );
        }
        Ok(count)
    }

    /// Its plugins folder.
    pub(crate) fn plugins(&self) -> PathBuf {
        self.path().join("plugins")
    }

    /// Its folder.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl LoneHost {
    /// Waits until its first load is through: then every connector is compiled. A host listens before that.
    ///
    /// # Errors
    ///
    /// It has ended, or takes longer than [`PATIENCE`].
    pub(crate) fn wait_until_ready(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let mut stream = TcpStream::connect(self.address).context("the host has ended")?;
            stream.set_read_timeout(Some(PATIENCE))?;
            let request = format!(
                "GET /readyz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                self.address
            );
            stream.write_all(request.as_bytes())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            if answer.starts_with("HTTP/1.1 200 ") {
                return Ok(());
            }
            ensure!(
                began.elapsed() < PATIENCE,
                "the host does not become ready: {answer}"
            );
            thread::sleep(LOOK);
        }
    }

    /// How much of the machine's memory it holds now.
    ///
    /// # Errors
    ///
    /// It has ended, or `/proc` is not as proc(5) says.
    pub(crate) fn resident(&self) -> anyhow::Result<Resident> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))
            .context("the host has ended")?;
        let bytes = |name| {
            let kibibytes = kibibytes_of(&status, name)
                .with_context(|| format!("no {name} in /proc/PID/status"))?;
            anyhow::Ok(kibibytes.saturating_mul(1024))
        };
        Ok(Resident {
            all: bytes("VmRSS")?,
            anonymous: bytes("RssAnon")?,
            file: bytes("RssFile")?,
        })
    }

    /// The processor time that it has used so far.
    ///
    /// # Errors
    ///
    /// It has ended, or `/proc` is not as proc(5) says.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        Ok(usage_of_tree(self.process.id())?.cpu)
    }

    /// Waits until it no longer computes, so that everything has fallen asleep or ended.
    ///
    /// # Errors
    ///
    /// It has ended, or computes for longer than [`PATIENCE`].
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut last = self.cpu()?;
        loop {
            thread::sleep(LOOK);
            let now = self.cpu()?;
            if now.saturating_sub(last) < QUIET {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "the host does not settle");
            last = now;
        }
    }

    /// How many memory mappings it has. Linux allows `vm.max_map_count`.
    ///
    /// # Errors
    ///
    /// It has ended.
    pub(crate) fn memory_maps(&self) -> anyhow::Result<usize> {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.process.id()))
            .context("the host has ended")?;
        Ok(maps.lines().count())
    }
}

/// Reads `  12 sandboxes at once, bounded by …`.
fn slots_in(line: &str) -> Option<u32> {
    let (number, _) = line.split_once(" sandboxes at once")?;
    number.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_read_from_the_announcement() {
        let line = "  10084 sandboxes at once, bounded by vm.max_map_count = 65530";
        assert_eq!(slots_in(line), Some(10_084));
        for line in ["", "  many sandboxes at once", "sandboxes at once"] {
            assert_eq!(slots_in(line), None, "{line}");
        }
    }
}
