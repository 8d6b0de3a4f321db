//! Refresh tokens that are kept on disk, for all processes that use the credential.
//!
//! A renewal holds the store's lock: it reads the token again, since another process may have replaced it, sends the
//! request, and writes the result before anything uses it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::answer::TokenResponse;
use super::endpoint::TokenEndpoint;
use super::locking::{blocking, lock};
use super::memory::UnsavedRecord;
use super::proof::Proof;
use super::refresh_end;
use super::request::{self, TokenFailure};
use super::token::Token;
use crate::config::Secret;
use crate::egress::auth::error::EndpointError;
use crate::egress::auth::fault::EndpointFault;
use crate::egress::upstream::Upstream;
use crate::report::{chain, hexadecimal};
use crate::tokens::{self, AccessToken, SeedDigest, Store, TokenEntry, TokenLock, TokenRecord};

/// An access token of another process with less time left is not used.
const LEAST_REST: Duration = Duration::from_secs(60);

/// A token, obtained with the refresh token that is kept or else with the configured one.
pub(super) async fn token(
    endpoint: &TokenEndpoint,
    upstream: &Upstream,
    store: &Store,
) -> Result<Token, EndpointError> {
    let fail = |fault| endpoint.error(upstream, fault);
    let entry = store
        .entry(&upstream.connector, &endpoint.name)
        .map_err(|error| fail(EndpointFault::Store(error)))?;
    let locked = lock(&entry).await;
    let locked = match locked {
        Ok(locked) => Some(Arc::new(locked)),
        // The stored token can still be read, and using it matters more than storing it.
        Err(
            error @ (tokens::TokenError::ReadOnly { .. }
            | tokens::TokenError::Full { .. }
            | tokens::TokenError::Unwritable { .. }),
        ) => {
            report_unsaved(endpoint, upstream, &error);
            None
        }
        Err(error) => return Err(fail(EndpointFault::Store(error))),
    };
    let renewal = Renewal {
        endpoint,
        upstream,
        entry,
        locked,
    };
    renewal.token().await
}

/// One renewal, which holds the lock.
struct Renewal<'a> {
    endpoint: &'a TokenEndpoint,
    upstream: &'a Upstream,
    entry: TokenEntry,
    locked: Option<Arc<TokenLock>>,
}

impl Renewal<'_> {
    async fn token(&self) -> Result<Token, EndpointError> {
        let (endpoint, upstream) = (self.endpoint, self.upstream);
        let kept = self.saved(self.kept().await?).await;
        if let Some(token) = kept.as_ref().and_then(|kept| self.of_another_process(kept)) {
            return Ok(token);
        }
        let current = kept
            .as_ref()
            .map(|kept| &kept.refresh_token)
            .filter(|token| !token.expose().is_empty())
            .or(endpoint.seed());
        let Some(current) = current.cloned() else {
            let fault = EndpointFault::NoRefreshToken;
            return Err(endpoint.error(upstream, fault));
        };
        let failure = match self.renewed(&current, kept.as_ref()).await {
            Ok(token) => return Ok(token),
            Err(error) => error,
        };
        if !failure.fault.is_dead_refresh_token() {
            return Err(failure);
        }
        // Somebody may have logged in meanwhile, or renewed the token where locks have no effect.
        let kept = self.kept().await?;
        let newer = kept
            .as_ref()
            .map(|kept| kept.refresh_token.clone())
            .filter(|newer| newer.expose() != current.expose());
        match newer {
            Some(newer) => self.renewed(&newer, kept.as_ref()).await,
            None => Err(failure),
        }
    }

    /// A token for this refresh token. The new refresh token is kept before anything uses the result, even if it came
    /// without a usable access token.
    async fn renewed(
        &self,
        current: &Secret,
        kept: Option<&TokenRecord>,
    ) -> Result<Token, EndpointError> {
        let (endpoint, upstream) = (self.endpoint, self.upstream);
        match request::token(endpoint, upstream, Proof::RefreshToken(current)).await {
            Ok(new) => {
                let record = record(endpoint, &new.response, current, kept);
                refresh_end::warn(endpoint, upstream, &record, kept);
                endpoint.refresh.lock().last_access = Some(new.response.access_token.clone());
                self.keep(record, current.clone()).await;
                Ok(new.token)
            }
            Err(TokenFailure {
                error,
                refresh_token,
            }) => {
                let newer = refresh_token.filter(|newer| newer.expose() != current.expose());
                if let Some(newer) = newer {
                    let now = SystemTime::now();
                    let record = TokenRecord {
                        refresh_token: newer,
                        obtained: now,
                        renewed: now,
                        scopes: endpoint.config.scopes.clone(),
                        access_token: None,
                        variables: endpoint.variables(),
                        refresh_expires: None,
                        seed: endpoint.seed().map(SeedDigest::of),
                    };
                    self.keep(record, current.clone()).await;
                }
                Err(error)
            }
        }
    }

    /// The record on disk, if it descends from the configured refresh token or if none is configured.
    async fn kept(&self) -> Result<Option<TokenRecord>, EndpointError> {
        let entry = self.entry.clone();
        let kept = blocking(move || entry.read()).await.map_err(|error| {
            self.endpoint
                .error(self.upstream, EndpointFault::Store(error))
        })?;
        let seed = self.endpoint.seed().map(SeedDigest::of);
        let kept = kept.filter(|kept| seed.is_none() || kept.seed == seed);
        if let Some(kept) = &kept
            && !kept.refresh_token.expose().is_empty()
        {
            let secrets = &self.upstream.secrets;
            self.endpoint
                .hide_refresh_token(&kept.refresh_token, secrets);
        }
        Ok(kept)
    }

    /// Writes a record that an earlier renewal could not write, unless somebody else has written since. Returns the
    /// record that counts now.
    async fn saved(&self, kept: Option<TokenRecord>) -> Option<TokenRecord> {
        let unsaved = self.endpoint.refresh.lock().unsaved.take();
        let Some(UnsavedRecord { record, replaced }) = unsaved else {
            return kept;
        };
        let on_disk = kept.as_ref().map(|kept| kept.refresh_token.expose());
        let seed = self.endpoint.seed().map(Secret::expose);
        if on_disk.or(seed) != Some(replaced.expose()) {
            return kept;
        }
        self.keep(record.clone(), replaced).await;
        Some(record)
    }

    /// The access token that another process has obtained since, or this process before a restart.
    fn of_another_process(&self, kept: &TokenRecord) -> Option<Token> {
        let access = kept.access_token.as_ref()?;
        let mut memory = self.endpoint.refresh.lock();
        let is_last = memory
            .last_access
            .as_ref()
            .is_some_and(|last| last.expose() == access.token.expose());
        let rest = match access.expires {
            Some(expires) => Some(expires.duration_since(SystemTime::now()).ok()?),
            // A token that nothing renews, and that is valid until it is revoked.
            None if kept.refresh_token.expose().is_empty() => None,
            None => return None,
        };
        let is_nearly_over = rest.is_some_and(|rest| rest <= LEAST_REST);
        if is_last || is_nearly_over || access.fingerprint != fingerprint(self.endpoint) {
            return None;
        }
        memory.last_access = Some(access.token.clone());
        drop(memory);
        let began = Instant::now();
        let secrets = &self.upstream.secrets;
        let token = self
            .endpoint
            .token(&access.token, began, rest, secrets)
            .ok()?;
        let variables = kept.variables.clone();
        let taken = self.endpoint.take_variables(
            variables,
            [Some(&access.token), Some(&kept.refresh_token)],
            self.upstream,
        );
        if taken.is_err() {
            return None;
        }
        // The token is not new: an API that refuses it may have accepted it before.
        token.was_accepted();
        Some(token)
    }

    /// Writes a record to disk, or keeps it in memory until the next renewal. `replaced` is the refresh token that it
    /// was obtained with.
    async fn keep(&self, record: TokenRecord, replaced: Secret) {
        let failed = match self.locked.clone() {
            None => true,
            Some(locked) => {
                let written = record.clone();
                let written = blocking(move || locked.write(&written)).await;
                if let Err(error) = &written {
                    report_unsaved(self.endpoint, self.upstream, error);
                }
                written.is_err()
            }
        };
        let mut memory = self.endpoint.refresh.lock();
        // If several writes failed, the disk still has the record that the first one should have replaced.
        let earlier = memory.unsaved.take().map(|unsaved| unsaved.replaced);
        let replaced = earlier.unwrap_or(replaced);
        memory.unsaved = failed.then_some(UnsavedRecord { record, replaced });
    }
}

/// The record to keep of an answer.
pub(super) fn record(
    endpoint: &TokenEndpoint,
    response: &TokenResponse,
    current: &Secret,
    kept: Option<&TokenRecord>,
) -> TokenRecord {
    let now = SystemTime::now();
    let new = response
        .refresh_token
        .as_ref()
        .filter(|new| new.expose() != current.expose());
    let obtained = kept.map(|kept| kept.obtained).filter(|_| new.is_none());
    TokenRecord {
        refresh_token: new.unwrap_or(current).clone(),
        obtained: obtained.unwrap_or(now),
        renewed: now,
        scopes: endpoint.config.scopes.clone(),
        access_token: Some(AccessToken {
            token: response.access_token.clone(),
            expires: response.expires_in.and_then(|time| now.checked_add(time)),
            fingerprint: fingerprint(endpoint),
        }),
        variables: endpoint.variables(),
        refresh_expires: response
            .refresh_expires_in
            .and_then(|time| now.checked_add(time))
            .or_else(|| kept.filter(|_| new.is_none())?.refresh_expires),
        seed: endpoint.seed().map(SeedDigest::of),
    }
}

fn fingerprint(endpoint: &TokenEndpoint) -> String {
    hexadecimal(&endpoint.config.fingerprint)
}

fn report_unsaved(endpoint: &TokenEndpoint, upstream: &Upstream, error: &tokens::TokenError) {
    tracing::error!(
        connector = &*upstream.connector,
        credential = &*endpoint.name,
        cause = chain(error),
        "could not save a token to disk; it is used anyway, and saved at the next renewal if possible"
    );
}
