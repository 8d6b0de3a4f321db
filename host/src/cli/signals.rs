//! The wish to stop: SIGINT and SIGTERM.

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::CliError;

/// Both signals. The first asks for an orderly end, the second for an end.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Catches the signals from now on, and the one that stands for a file that is too large.
    pub(super) fn catch() -> Result<Self, CliError> {
        let of = |kind| signal(kind).map_err(CliError::Signals);
        // Left alone, it ends the process without a word where a file grows past the system's limit (`ulimit -f`).
        // Once caught, for good, the write fails instead, and that is told of.
        let _ = of(SignalKind::from_raw(Number::XFSZ.as_raw()))?;
        Ok(Self {
            interrupt: of(SignalKind::interrupt())?,
            terminate: of(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
