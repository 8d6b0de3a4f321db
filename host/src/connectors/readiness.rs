//! Whether the host should receive requests, as load balancers and supervisors ask.

use std::sync::OnceLock;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;

/// Whether the host should receive requests. It only moves forward, from loading to ready to draining.
pub struct Readiness {
    stage: watch::Sender<ReadinessStage>,
    certificate: OnceLock<CertificateExpiry>,
}

/// Returns the last second in which the server's certificate is valid.
type CertificateExpiry = Box<dyn Fn() -> Timestamp + Send + Sync>;

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
        Self {
            stage: watch::Sender::new(ReadinessStage::Loading),
            certificate: OnceLock::new(),
        }
    }

    /// The present stage.
    #[must_use]
    pub fn stage(&self) -> ReadinessStage {
        *self.stage.borrow()
    }

    /// Waits until the host is ready, or already past that.
    pub async fn ready(&self) {
        let mut stage = self.stage.subscribe();
        // The sender lives as long as `self`, so this can't be an error.
        let _ = stage
            .wait_for(|stage| *stage >= ReadinessStage::Ready)
            .await;
    }

    /// Probes show from now on when the server's certificate expires. Only the first function counts.
    pub fn show_expiry(&self, expires: impl Fn() -> Timestamp + Send + Sync + 'static) {
        let _ = self.certificate.set(Box::new(expires));
    }

    /// The last second in which the server's certificate is valid; `None` if the server has none.
    pub(super) fn certificate_expires(&self) -> Option<Timestamp> {
        self.certificate.get().map(|expires| expires())
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
        self.stage.send_if_modified(|stage| {
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
