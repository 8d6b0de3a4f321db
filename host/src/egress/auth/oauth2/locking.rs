//! The store's lock and files, without blocking a thread of the runtime.

use std::time::Duration;

use tokio::time::Instant;

use crate::tokens::{self, TokenEntry, TokenLock};

/// How often, and for how long, a lock that another process holds is tried: a renewal may have to wait for a quota.
const LOCK_INTERVAL: Duration = Duration::from_millis(20);
const LOCK_PATIENCE: Duration = Duration::from_secs(600);

/// Polls the lock, since a thread that waits for another process could wait forever.
pub(super) async fn lock(entry: &TokenEntry) -> Result<TokenLock, tokens::TokenError> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        let tried = entry.clone();
        if let Some(locked) = blocking(move || tried.try_lock()).await? {
            return Ok(locked);
        }
        if Instant::now() >= deadline {
            return Err(entry.held());
        }
        tokio::time::sleep(LOCK_INTERVAL).await;
    }
}

/// The work continues even if nothing waits for it any more: a write is never cut off.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, tokens::TokenError> + Send + 'static,
) -> Result<T, tokens::TokenError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(tokens::TokenError::Interrupted))
}
