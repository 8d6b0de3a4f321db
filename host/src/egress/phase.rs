//! What a call to the network waits for at the moment, for its time-outs and its line in the log.

use std::fmt::{self, Display, Formatter};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::lock::Mutex;

tokio::task_local! {
    /// The clock of the request that dials: the client's pool hands nothing but the URL to who makes its connections.
    static DIALING: PhaseClock;
}

/// What a call waits for, in the order in which it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CallPhase {
    Credential,
    Quota,
    /// As many connections as `network.connections` allows are in use.
    Connection,
    LookUp,
    Tcp,
    Tls,
    RequestBody,
    Head,
    Body,
}

impl Display for CallPhase {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Credential => "its credential",
            Self::Quota => "a quota",
            Self::Connection => "a free connection (`network.connections`)",
            Self::LookUp => "the look-up of the name",
            Self::Tcp => "the TCP connection",
            Self::Tls => "the TLS handshake",
            Self::RequestBody => "the rest of the request's body",
            Self::Head => "the head of the response",
            Self::Body => "the rest of the response's body",
        })
    }
}

/// What a call was waiting for, and for how long: `10.0s for the TLS handshake`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PhaseTime {
    pub(crate) phase: CallPhase,
    pub(crate) spent: Duration,
}

impl Display for PhaseTime {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { phase, spent } = self;
        write!(formatter, "{spent:.1?} for {phase}")
    }
}

/// The phase of one try of a call. All that works for it shares the clock.
#[derive(Debug, Clone)]
pub(super) struct PhaseClock(Arc<Mutex<PhaseStart>>);

#[derive(Debug)]
struct PhaseStart {
    phase: CallPhase,
    began: Instant,
}

impl Default for PhaseClock {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(PhaseStart {
            phase: CallPhase::Credential,
            began: Instant::now(),
        })))
    }
}

impl PhaseClock {
    /// Notes that a phase begins. Phases don't go back: a connection that is still dialed for a call may have been passed by
    /// another one that became free.
    pub(super) fn enter(&self, phase: CallPhase) {
        let mut start = self.0.lock();
        if phase > start.phase {
            *start = PhaseStart {
                phase,
                began: Instant::now(),
            };
        }
    }

    /// The phase, and the time in it so far.
    pub(super) fn spent(&self) -> PhaseTime {
        let start = self.0.lock();
        PhaseTime {
            phase: start.phase,
            spent: start.began.elapsed(),
        }
    }

    /// Runs a request to the client's pool, whose dialing notes its phases here.
    pub(super) async fn dialing<F: Future>(&self, request: F) -> F::Output {
        DIALING.scope(self.clone(), request).await
    }

    /// The clock of the request that is being sent by this task.
    pub(super) fn of_the_dialing_request() -> Self {
        DIALING.try_with(Self::clone).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn phases_do_not_go_back() {
        let clock = PhaseClock::default();
        clock.enter(CallPhase::Head);
        tokio::time::advance(Duration::from_millis(1500)).await;
        clock.enter(CallPhase::Tls);
        clock.enter(CallPhase::Head);
        assert_eq!(
            clock.spent().to_string(),
            "1.5s for the head of the response"
        );
        clock.enter(CallPhase::Body);
        assert_eq!(clock.spent().spent, Duration::ZERO);
    }
}
