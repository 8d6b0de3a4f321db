//! Whether the host should receive requests, as load balancers and supervisors ask.

use serde::Serialize;
use tokio::sync::watch;

/// Whether the host should receive requests. It only moves forward, from loading to ready to draining.
#[derive(Debug)]
pub struct Readiness(watch::Sender<ReadinessStage>);

/// The part of its life that a host is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadinessStage {
    /// A component that existed at startup has not been loaded, and has not failed to load either.
    Loading,
    /// Every component that existed at startup is loaded or has failed to load.
    Ready,
    /// The host is shutting down, and other hosts should get new requests.
    Draining,
}

impl Readiness {
    /// The readiness of a host that has loaded nothing yet.
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(ReadinessStage::Loading))
    }

    /// The present stage.
    #[must_use]
    pub fn stage(&self) -> ReadinessStage {
        *self.0.borrow()
    }

    /// Waits until the host is ready, or already past that.
    pub async fn ready(&self) {
        let mut stage = self.0.subscribe();
        // The sender lives as long as `self`, so this can't be an error.
        let _ = stage
            .wait_for(|stage| *stage >= ReadinessStage::Ready)
            .await;
    }

    /// The first load is through.
    pub(super) fn loaded(&self) {
        self.advance(ReadinessStage::Ready);
    }

    /// The host is going to shut down: from now on load balancers should send it no new requests.
    pub fn drain(&self) {
        self.advance(ReadinessStage::Draining);
    }

    fn advance(&self, to: ReadinessStage) {
        self.0.send_if_modified(|stage| {
            let is_later = *stage < to;
            if is_later {
                *stage = to;
            }
            is_later
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_only_move_forward() {
        let readiness = Readiness::new();
        assert_eq!(readiness.stage(), ReadinessStage::Loading);
        readiness.loaded();
        assert_eq!(readiness.stage(), ReadinessStage::Ready);
        readiness.drain();
        readiness.loaded();
        assert_eq!(readiness.stage(), ReadinessStage::Draining);
    }

    #[tokio::test]
    async fn host_that_stops_while_loading_keeps_nobody_waiting_for_it() {
        let readiness = Readiness::new();
        let ready = readiness.ready();
        readiness.drain();
        ready.await;
    }
}
