//! How a server ends: who accepts connections after it, and what it does with requests meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::report;

/// How a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// Who accepts the clients' connections from now on.
    pub successor: Successor,
    /// How long the server continues to answer requests before it closes its port and ends the running calls; at most
    /// nine tenths of the grace count.
    pub drain: Duration,
}

/// Who accepts connections to a server's socket after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Successor {
    /// Nobody: the port will be closed. Until then requests are refused, so that load balancers and clients notice.
    None,
    /// A process that is started later. Another process keeps the socket open in the meantime, so connections wait in
    /// it. Until the drain ends, requests are served.
    Later,
}

impl Shutdown {
    /// Ends at once, without anybody who takes over.
    #[must_use]
    pub const fn at_once() -> Self {
        Self {
            successor: Successor::None,
            drain: Duration::ZERO,
        }
    }

    /// The same with a drain that leaves a tenth of the grace, for the last answers.
    pub(super) fn within(self, grace: Duration) -> Self {
        Self {
            drain: self.drain.min(grace - grace / 10),
            ..self
        }
    }

    /// Writes to the log what happens, with the drain and the grace that apply.
    pub(super) fn log(self, grace: Duration) {
        let [drain_ms, grace_ms] = [self.drain, grace].map(report::milliseconds);
        match self.successor {
            Successor::None => {
                tracing::info!(
                    drain_ms,
                    grace_ms,
                    "shutting down: requests are refused, then the port is closed"
                );
            }
            Successor::Later => {
                tracing::info!(
                    drain_ms,
                    grace_ms,
                    "shutting down: the socket stays open for the next process"
                );
            }
        }
    }
}

/// Whether the shutdown has begun, for the code that answers requests.
#[derive(Debug, Clone, Default)]
pub(super) struct ShutdownState(Arc<ShutdownFlags>);

#[derive(Debug, Default)]
struct ShutdownFlags {
    has_begun: AtomicBool,
    refuses: AtomicBool,
}

impl ShutdownState {
    /// The shutdown begins.
    pub(super) fn begin(&self, successor: Successor) {
        let refuses = successor == Successor::None;
        self.0.refuses.store(refuses, Ordering::Release);
        self.0.has_begun.store(true, Ordering::Release);
    }

    /// Whether each connection has to be closed after its answer.
    pub(super) fn has_begun(&self) -> bool {
        self.0.has_begun.load(Ordering::Acquire)
    }

    /// Whether requests for pages and schemas are refused.
    pub(super) fn refuses(&self) -> bool {
        self.0.refuses.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drain_leaves_time_for_the_last_answers() {
        let seconds = Duration::from_secs;
        for (drain, grace, expected) in [
            (5, 30, 5),
            (30, 30, 27),
            (100, 10, 9),
            (5, 0, 0),
            (0, 30, 0),
        ] {
            let shutdown = Shutdown {
                successor: Successor::None,
                drain: seconds(drain),
            };
            let within = shutdown.within(seconds(grace));
            assert_eq!(within.drain, seconds(expected), "{drain} {grace}");
        }
    }

    #[test]
    fn requests_are_refused_only_if_nobody_takes_over() {
        for (successor, refuses) in [(Successor::None, true), (Successor::Later, false)] {
            let state = ShutdownState::default();
            assert!(!state.has_begun() && !state.refuses());
            state.clone().begin(successor);
            assert!(state.has_begun(), "{successor:?}");
            assert_eq!(state.refuses(), refuses, "{successor:?}");
        }
    }
}
