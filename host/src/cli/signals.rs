//! The signals that the program catches. SIGINT, SIGTERM and SIGHUP, which a terminal sends when it is closed, ask to
//! stop. SIGHUP asks a server to read its settings again.

use std::io::IsTerminal;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::CliError;
use crate::platform;

/// The signals that the program catches. The first one that asks to stop means an orderly shutdown, the second one an
/// immediate one.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` if the program was started with SIGHUP ignored, as `nohup` does.
    hang_up: Option<Signal>,
    user1: Signal,
    user2: Signal,
}

/// A signal that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CaughtSignal {
    Interrupt,
    Terminate,
    HangUp,
    User1,
    User2,
}

impl CaughtSignal {
    /// Its name, as in signal(7).
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::HangUp => "SIGHUP",
            Self::User1 => "SIGUSR1",
            Self::User2 => "SIGUSR2",
        }
    }

    /// Whether it asks a command to stop.
    fn asks_to_stop(self) -> bool {
        match self {
            Self::Interrupt | Self::Terminate | Self::HangUp => true,
            // These are meant for other programs or sent by mistake.
            Self::User1 | Self::User2 => false,
        }
    }
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
        Ok(Self {
            interrupt: of(SignalKind::interrupt())?,
            terminate: of(SignalKind::terminate())?,
            hang_up: if platform::is_ignored(Number::HUP) {
                None
            } else {
                Some(of(SignalKind::hangup())?)
            },
            // By default these would end the process in the middle of calls.
            user1: of(SignalKind::user_defined1())?,
            user2: of(SignalKind::user_defined2())?,
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

    /// Waits for the next signal that asks to stop.
    pub(super) async fn next(&mut self) {
        self.stop().await;
    }

    /// Waits for the next signal that asks to stop, and returns it.
    pub(super) async fn stop(&mut self) -> CaughtSignal {
        loop {
            let signal = self.any().await;
            if signal.asks_to_stop() {
                return signal;
            }
        }
    }

    /// Waits for the next signal of any kind.
    pub(super) async fn any(&mut self) -> CaughtSignal {
        tokio::select! {
            _ = self.interrupt.recv() => CaughtSignal::Interrupt,
            _ = self.terminate.recv() => CaughtSignal::Terminate,
            () = hung_up(self.hang_up.as_mut()) => CaughtSignal::HangUp,
            _ = self.user1.recv() => CaughtSignal::User1,
            _ = self.user2.recv() => CaughtSignal::User2,
        }
    }
}

async fn hung_up(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
