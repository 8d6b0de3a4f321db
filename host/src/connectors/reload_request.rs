//! Requests to look at the plugins folder now, and what a look has led to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

/// How many requests may wait for their answers.
const MAX_REQUESTS: usize = 16;

/// How long a request waits for files to settle and for components to be compiled. A component may be given more time
/// than this to compile (`--compile-time`), and a file may change forever.
const MAX_WAIT: Duration = Duration::from_secs(10 * 60);

/// Asks the loader to look at the plugins folder.
#[derive(Debug, Clone)]
pub struct ReloadHandle {
    sender: mpsc::Sender<ReloadRequest>,
    /// The places of requests, each taken until its answer.
    places: Arc<Semaphore>,
}

/// The loader ended, or has too many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReloadError {
    /// The host is shutting down.
    #[error("the host is shutting down, and loads nothing any more")]
    Ended,
    /// Too many requests wait.
    #[error("{MAX_REQUESTS} requests to reload are waiting already; wait for their answers")]
    Full,
}

/// What a component's file has led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ComponentChange {
    /// It serves, and did not before.
    Loaded,
    /// A new version serves.
    Reloaded,
    /// It is gone.
    Removed,
    /// It failed to load.
    NotLoaded {
        /// Why, with all causes.
        reason: String,
        /// Whether an older version keeps serving.
        serving: bool,
    },
}

/// The result of a look at the plugins folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReloadSummary {
    /// What has changed, by the components' names. Empty if nothing has.
    pub changes: BTreeMap<String, ComponentChange>,
    /// The components that were still loading after ten minutes.
    pub unfinished: Vec<String>,
    /// Why the folder can't be read; the connectors keep serving.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder_problem: Option<String>,
}

/// A request that has arrived.
#[derive(Debug)]
pub(super) struct ReloadRequest {
    reply: oneshot::Sender<ReloadSummary>,
}

/// Requests, as the loader sees them.
#[derive(Debug)]
pub(super) struct ReloadRequests {
    receiver: mpsc::Receiver<ReloadRequest>,
    handle: ReloadHandle,
    /// Those that wait for an answer, and until when.
    waiting: Vec<(ReloadRequest, Instant)>,
}

impl ReloadHandle {
    /// Looks at the folder, and waits until everything that has changed is loaded or has failed to load. Components
    /// that failed before are tried again.
    ///
    /// # Errors
    ///
    /// [`ReloadError`].
    pub async fn reload(&self) -> Result<ReloadSummary, ReloadError> {
        let _place = self.places.try_acquire().map_err(|_| ReloadError::Full)?;
        let (reply, answer) = oneshot::channel();
        self.sender
            .try_send(ReloadRequest { reply })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => ReloadError::Full,
                mpsc::error::TrySendError::Closed(_) => ReloadError::Ended,
            })?;
        answer.await.map_err(|_| ReloadError::Ended)
    }
}

impl ReloadRequests {
    pub(super) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(MAX_REQUESTS);
        Self {
            receiver,
            handle: ReloadHandle {
                sender,
                places: Arc::new(Semaphore::new(MAX_REQUESTS)),
            },
            waiting: Vec::new(),
        }
    }

    pub(super) fn handle(&self) -> ReloadHandle {
        self.handle.clone()
    }

    /// Waits for the next request.
    pub(super) async fn arrived(&mut self) {
        if let Some(request) = self.receiver.recv().await {
            self.waiting.push((request, Instant::now() + MAX_WAIT));
        }
    }

    /// Whether a request waits for its answer. Those whose client is gone are forgotten.
    pub(super) fn is_waiting(&mut self) -> bool {
        self.waiting
            .retain(|(request, _)| !request.reply.is_closed());
        !self.waiting.is_empty()
    }

    /// Whether a request has waited for too long.
    pub(super) fn is_late(&self) -> bool {
        let now = Instant::now();
        self.waiting.iter().any(|(_, until)| *until <= now)
    }

    /// Answers all requests that wait.
    pub(super) fn answer(&mut self, summary: &ReloadSummary) {
        for (request, _) in self.waiting.drain(..) {
            // The client may be gone.
            let _ = request.reply.send(summary.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_requests_than_may_wait_are_refused() {
        let mut requests = ReloadRequests::new();
        let handle = requests.handle();
        let mut waiting: Vec<_> = (0..MAX_REQUESTS)
            .map(|_| Box::pin(handle.reload()))
            .collect();
        for request in &mut waiting {
            let polled = tokio::time::timeout(Duration::ZERO, request).await;
            assert!(polled.is_err(), "it waits");
        }
        assert_eq!(handle.reload().await, Err(ReloadError::Full));
        // Those that the loader has noticed still wait.
        for _ in 0..MAX_REQUESTS {
            requests.arrived().await;
        }
        assert!(requests.is_waiting());
        assert_eq!(handle.reload().await, Err(ReloadError::Full));
        // A client that goes away leaves its place.
        drop(waiting.pop());
        let mut next = Box::pin(handle.reload());
        assert!(
            tokio::time::timeout(Duration::ZERO, &mut next)
                .await
                .is_err()
        );
        drop(requests);
        assert_eq!(waiting.remove(0).await, Err(ReloadError::Ended));
        assert_eq!(handle.reload().await, Err(ReloadError::Ended));
    }

    #[tokio::test(start_paused = true)]
    async fn request_is_late_after_its_time_and_forgotten_without_its_client() {
        let mut requests = ReloadRequests::new();
        let handle = requests.handle();
        let asked = tokio::spawn(async move { handle.reload().await });
        requests.arrived().await;
        assert!(requests.is_waiting() && !requests.is_late());
        tokio::time::advance(MAX_WAIT).await;
        assert!(requests.is_late());
        let summary = ReloadSummary {
            unfinished: vec!["beers".to_owned()],
            ..ReloadSummary::default()
        };
        requests.answer(&summary);
        assert_eq!(asked.await.unwrap(), Ok(summary));
        assert!(!requests.is_waiting());
        let handle = requests.handle();
        let asked = tokio::spawn(async move { handle.reload().await });
        requests.arrived().await;
        asked.abort();
        assert!(asked.await.is_err());
        assert!(!requests.is_waiting(), "nobody waits for it");
    }
}
