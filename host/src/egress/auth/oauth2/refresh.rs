//! Obtains a token from the endpoint by any grant, and keeps a refresh token in memory.

use super::endpoint::TokenEndpoint;
use super::locking::blocking;
use super::proof::Proof;
use super::token::Token;
use super::{kept, request};
use crate::config::Grant;
use crate::egress::auth::error::EndpointError;
use crate::egress::auth::fault::EndpointFault;
use crate::egress::upstream::Upstream;
use crate::tokens::Store;

/// Obtains a token from the endpoint, by any grant.
///
/// # Errors
///
/// The endpoint returns no token.
pub(super) async fn token(
    endpoint: &TokenEndpoint,
    upstream: &Upstream,
) -> Result<Token, EndpointError> {
    if !matches!(endpoint.config.grant, Grant::RefreshToken(_)) {
        let asked = request::token(endpoint, upstream, Proof::Nothing).await;
        return asked.map(|new| new.token).map_err(|failure| failure.error);
    }
    match upstream.token_store(&endpoint.config.token_url) {
        Some(store) if store.has_key() => kept::token(endpoint, upstream, store).await,
        Some(store) => {
            check_unkept(endpoint, upstream, store)
                .await
                .map_err(|fault| endpoint.error(upstream, fault))?;
            in_memory(endpoint, upstream).await
        }
        None => in_memory(endpoint, upstream).await,
    }
}

/// Checks that no other refresh token is kept in place of the configured one, which then is used up: some APIs revoke
/// all tokens if it is sent again.
///
/// # Errors
///
/// [`EndpointFault::KeptWithoutKey`]: there is one, and no key to read it.
async fn check_unkept(
    endpoint: &TokenEndpoint,
    upstream: &Upstream,
    store: &Store,
) -> Result<(), EndpointFault> {
    let entry = store
        .entry(&upstream.connector, &endpoint.name)
        .map_err(EndpointFault::Store)?;
    let path = entry.path();
    let is_kept = blocking(move || Ok(entry.exists())).await;
    match is_kept.map_err(EndpointFault::Store)? {
        true => Err(EndpointFault::KeptWithoutKey { path }),
        false => Ok(()),
    }
}

/// Without a store: each start begins with the configured one.
async fn in_memory(endpoint: &TokenEndpoint, upstream: &Upstream) -> Result<Token, EndpointError> {
    let _turn = endpoint.refresh.turn().await;
    let current = endpoint.refresh.lock().current.clone();
    let Some(current) = current else {
        let fault = EndpointFault::NoRefreshToken;
        return Err(endpoint.error(upstream, fault));
    };
    let asked = request::token(endpoint, upstream, Proof::RefreshToken(&current)).await;
    let (newer, outcome) = match asked {
        Ok(new) => (new.response.refresh_token, Ok(new.token)),
        Err(failure) => (failure.refresh_token, Err(failure.error)),
    };
    if let Some(newer) = newer
        && newer.expose() != current.expose()
    {
        let mut memory = endpoint.refresh.lock();
        memory.current = Some(newer);
        if !std::mem::replace(&mut memory.is_warned, true) {
            tracing::warn!(
                connector = &*upstream.connector,
                credential = &*endpoint.name,
                "the API replaces this refresh token, and the new one is kept in memory only: after a restart the \
                 configured one may no longer work; set WELD_TOKEN_KEY (`weld-host auth key` generates one)"
            );
        }
    }
    outcome
}
