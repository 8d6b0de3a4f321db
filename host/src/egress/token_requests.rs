//! The token requests in progress. They outlive the calls that need the tokens, and the host should not end during one.

use tokio::sync::watch;

/// Counts the token requests in progress of all connectors. Clones share the count.
#[derive(Debug, Clone, Default)]
pub(super) struct TokenRequests(watch::Sender<usize>);

/// One token request in progress, until it is dropped.
#[must_use]
#[derive(Debug)]
pub(super) struct TokenRequest(TokenRequests);

impl TokenRequests {
    /// Counts one more request.
    pub(super) fn begin(&self) -> TokenRequest {
        self.0.send_modify(|requests| *requests += 1);
        TokenRequest(self.clone())
    }

    /// Waits until there is none. If there are some, a line in the log says so.
    pub(super) async fn ended(&self) {
        let mut requests = self.0.subscribe();
        let in_progress = *requests.borrow_and_update();
        if in_progress > 0 {
            tracing::info!(
                requests = in_progress,
                "waiting for the answers to requests for tokens"
            );
        }
        // The sender is in `self`, so this can't be an error.
        let _ = requests.wait_for(|requests| *requests == 0).await;
    }
}

impl Drop for TokenRequest {
    fn drop(&mut self) {
        self.0
            .0
            .send_modify(|requests| *requests = requests.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn end_of_the_last_request_is_waited_for() {
        let requests = TokenRequests::default();
        requests.ended().await;
        let (first, second) = (requests.begin(), requests.clone().begin());
        let waiting = tokio::spawn({
            let requests = requests.clone();
            async move { requests.ended().await }
        });
        drop(first);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(second);
        waiting.await.unwrap();
    }
}
