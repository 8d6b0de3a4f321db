//! The last failure of a credential, kept next to its token for status reports.

use std::time::SystemTime;

use super::endpoint::TokenEndpoint;
use super::locking::blocking;
use crate::egress::upstream::Upstream;
use crate::tokens::RenewalFailure;

/// Keeps a failure, or removes the kept one. Failing to do so has no consequences.
pub(super) async fn keep(endpoint: &TokenEndpoint, upstream: &Upstream, failure: Option<String>) {
    // Without a key nothing is kept.
    let Some(store) = upstream
        .token_store(&endpoint.config.token_url)
        .filter(|store| store.has_key())
    else {
        return;
    };
    let Ok(entry) = store.entry(&upstream.connector, &endpoint.name) else {
        return;
    };
    let kept = blocking(move || {
        let failure = failure.map(|message| RenewalFailure {
            at: SystemTime::now(),
            message,
        });
        entry.keep_failure(failure.as_ref())
    });
    if let Err(error) = kept.await {
        let cause = crate::report::chain(&error);
        tracing::debug!(
            credential = &*endpoint.name,
            cause,
            "could not save the credential's last failure"
        );
    }
}
