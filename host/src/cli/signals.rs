//! The wish to stop: SIGINT and SIGTERM.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::CliError;

/// Both signals. The first asks for an orderly end, the second for an end.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Catches the signals from now on.
    pub(super) fn catch() -> Result<Self, CliError> {
        let of = |kind| signal(kind).map_err(CliError::Signals);
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
