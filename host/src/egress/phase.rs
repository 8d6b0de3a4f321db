//! What a call to the network is waiting for, for its timeouts and its line in the log.

use std::fmt::{self, Display, Formatter};
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::wait_text;
use crate::lock::Mutex;
use crate::waits::{WaitGuard, WaitReason};

tokio::task_local! {
    /// The clock of the request that dials: the client's pool passes only the URL to the dialer.
    static DIALING: PhaseClock;
}

/// What a call waits for, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CallPhase {
    Credential,
    Quota,
    /// The governor holds it until another call is answered.
    OtherCall,
    /// As many connections as `network.connections` allows are in use.
    Connection,
    LookUp,
    Tcp,
    /// A proxy is asked for a connection to the API.
    Tunnel,
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
            Self::OtherCall => "the response to another call",
            Self::Connection => "a free connection (`network.connections`)",
            Self::LookUp => "the DNS lookup",
            Self::Tcp => "the TCP connection",
            Self::Tunnel => "the proxy's answer to CONNECT",
            Self::Tls => "the TLS handshake",
            Self::RequestBody => "the rest of the request's body",
            Self::Head => "the head of the response",
            Self::Body => "the rest of the response's body",
        })
    }
}

/// What a call was waiting for, and for how long: `10.0s for the TLS handshake`, and through which proxy, except for a
/// lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PhaseTime {
    pub(crate) phase: CallPhase,
    pub(crate) spent: Duration,
    /// The URL of the proxy, without user and password; `None` if the call went directly.
    pub(crate) proxy: Option<Arc<str>>,
}

impl Display for PhaseTime {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            phase,
            spent,
            proxy,
        } = self;
        write!(formatter, "{} for {phase}", wait_text(*spent))?;
        match proxy {
            // This host itself looks names up.
            Some(proxy) if *phase != CallPhase::LookUp => {
                write!(formatter, ", through the proxy {proxy}")
            }
            _ => Ok(()),
        }
    }
}

/// The phase of one try of a call. All parts that work on the try share the clock.
#[derive(Debug, Clone)]
pub(super) struct PhaseClock(Arc<Mutex<PhaseStart>>);

#[derive(Debug)]
struct PhaseStart {
    phase: CallPhase,
    began: Instant,
    /// The proxy that the try goes through, in messages.
    proxy: Option<Arc<str>>,
    /// Shows that the call waits for a connection, and to which origin. Dialing that continues for a finished call
    /// doesn't keep it alive.
    shown: Option<(Weak<WaitGuard>, Arc<str>)>,
}

impl Default for PhaseClock {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(PhaseStart {
            phase: CallPhase::Credential,
            began: Instant::now(),
            proxy: None,
            shown: None,
        })))
    }
}

impl PhaseClock {
    /// Notes that a phase begins. Phases don't go back: a connection that is still being dialed for a call may have
    /// been overtaken by another one that became free. Only the two phases in which the governor holds a call may
    /// follow each other in any order.
    pub(super) fn enter(&self, phase: CallPhase) {
        let mut start = self.0.lock();
        let is_held_otherwise = (start.phase, phase) == (CallPhase::OtherCall, CallPhase::Quota);
        if phase <= start.phase && !is_held_otherwise {
            return;
        }
        start.phase = phase;
        start.began = Instant::now();
        if phase > CallPhase::Connection
            && let Some((wait, origin)) = start.shown.take()
            && let Some(wait) = wait.upgrade()
        {
            wait.becomes(WaitReason::Response { origin });
        }
    }

    /// Turns a wait for a connection to this origin into a wait for its response as soon as a connection is free or
    /// made.
    pub(super) fn show(&self, wait: &Arc<WaitGuard>, origin: &Arc<str>) {
        self.0.lock().shown = Some((Arc::downgrade(wait), origin.clone()));
    }

    /// Notes that the try goes through this proxy.
    pub(super) fn pass(&self, proxy: Arc<str>) {
        self.0.lock().proxy = Some(proxy);
    }

    /// Notes that the try goes through no proxy, since its host is this machine.
    pub(super) fn go_directly(&self) {
        self.0.lock().proxy = None;
    }

    /// The proxy that the try goes through; `None` if it goes directly.
    pub(super) fn proxy(&self) -> Option<Arc<str>> {
        self.0.lock().proxy.clone()
    }

    /// The phase, and the time spent in it so far.
    pub(super) fn spent(&self) -> PhaseTime {
        let start = self.0.lock();
        PhaseTime {
            phase: start.phase,
            spent: start.began.elapsed(),
            proxy: start.proxy.clone(),
        }
    }

    /// Passes a request to the client's pool; dialing for it notes its phases here.
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
    use crate::waits::{Wait, Waits};

    #[tokio::test(start_paused = true)]
    async fn phases_do_not_go_back() {
        let clock = PhaseClock::default();
        clock.pass("http://proxy:3128".into());
        clock.enter(CallPhase::LookUp);
        assert_eq!(clock.spent().to_string(), "0s for the DNS lookup");
        clock.go_directly();
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
        clock.pass("http://proxy:3128".into());
        assert_eq!(
            clock.spent().to_string(),
            "0s for the rest of the response's body, through the proxy http://proxy:3128"
        );
    }

    #[test]
    fn call_may_be_held_for_a_quota_and_for_another_call_in_any_order() {
        let clock = PhaseClock::default();
        for phase in [CallPhase::Quota, CallPhase::OtherCall, CallPhase::Quota] {
            clock.enter(phase);
            assert_eq!(clock.spent().phase, phase);
        }
        clock.enter(CallPhase::Connection);
        clock.enter(CallPhase::OtherCall);
        assert_eq!(clock.spent().phase, CallPhase::Connection);
    }

    #[test]
    fn wait_for_a_connection_becomes_one_for_the_response() {
        let (clock, waits) = (PhaseClock::default(), Arc::<Waits>::default());
        let origin = Arc::<str>::from("https://a.example.com");
        let reason = WaitReason::Connection {
            origin: origin.clone(),
        };
        let wait = Wait {
            reason: reason.clone(),
            until: None,
        };
        let guard = Arc::new(waits.begin(wait));
        clock.show(&guard, &origin);
        let shown = || waits.current().map(|wait| wait.to_string());
        clock.enter(CallPhase::Connection);
        assert_eq!(shown(), Some(reason.to_string()));
        clock.enter(CallPhase::LookUp);
        assert_eq!(
            shown().as_deref(),
            Some("response of https://a.example.com")
        );
        drop(guard);
        assert_eq!(shown(), None, "though the clock is still there");
        clock.enter(CallPhase::Head);
        assert_eq!(shown(), None);
    }
}
