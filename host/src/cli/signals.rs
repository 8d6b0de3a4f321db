//! The signals that ask to stop: SIGINT, SIGTERM, and SIGHUP, which a terminal sends when it is closed. SIGHUP asks a
//! server to read its settings again.

use std::io::IsTerminal;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::CliError;

/// The signals that ask to stop. The first one asks for an orderly shutdown, the second one for an immediate one.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` if the program was started with SIGHUP ignored, as `nohup` does.
    hang_up: Option<Signal>,
}

/// SIGHUP as the request to read the settings again.
pub(super) struct HangUps {
    signal: Signal,
    /// Whether the server was started from a terminal.
    has_terminal: bool,
}

impl HangUps {
    /// Catches SIGHUP from now on, even if the program was started with it ignored.
    pub(super) fn catch() -> Result<Self, CliError> {
        Ok(Self {
            signal: signal(SignalKind::hangup()).map_err(CliError::Signals)?,
            has_terminal: std::io::stdin().is_terminal(),
        })
    }

    /// Waits for the next one. Returns `false` if it comes because the server's terminal was closed, which asks it to
    /// stop.
    pub(super) async fn next(&mut self) -> bool {
        if self.signal.recv().await.is_none() {
            return std::future::pending().await;
        }
        !self.has_terminal || std::io::stdin().is_terminal()
    }
}

impl Signals {
    /// Like [`catch`](Self::catch), except SIGHUP.
    pub(super) fn catch_for_server() -> Result<Self, CliError> {
        let signals = Self::catch()?;
        Ok(Self {
            hang_up: None,
            ..signals
        })
    }

    /// Catches the signals from now on, and SIGXFSZ, which reports a file that is too large.
    pub(super) fn catch() -> Result<Self, CliError> {
        let of = |kind| signal(kind).map_err(CliError::Signals);
        // By default, SIGXFSZ silently ends the process when a file exceeds the system's limit (`ulimit -f`). Once it
        // is caught, the write fails instead, and the failure is reported.
        let _ = of(SignalKind::from_raw(Number::XFSZ.as_raw()))?;
        // These are meant for other programs or sent by mistake. By default they would end the process in the middle of
        // calls.
        for unused in [SignalKind::user_defined1(), SignalKind::user_defined2()] {
            let _ = of(unused)?;
        }
        Ok(Self {
            interrupt: of(SignalKind::interrupt())?,
            terminate: of(SignalKind::terminate())?,
            hang_up: if is_ignored(Number::HUP) {
                None
            } else {
                Some(of(SignalKind::hangup())?)
            },
        })
    }

    /// Whether a signal has come that nobody waited for.
    pub(super) async fn has_come(&mut self) -> bool {
        tokio::select! {
            biased;
            () = self.next() => true,
            () = std::future::ready(()) => false,
        }
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = hung_up(self.hang_up.as_mut()) => {}
        }
    }
}

async fn hung_up(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether this process was started with the signal ignored; `false` if the system doesn't say.
fn is_ignored(signal: Number) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal.as_raw() - 1) & 1 == 1)
}
