//! What a login brings: the first refresh token, for the store.

use super::endpoint::TokenEndpoint;
use super::kept::record;
use super::locking::{blocking, lock};
use super::proof::{AuthorizationCode, Proof};
use super::request::{self, NewTokens};
use super::tokens::Tokens;
use crate::config::Secret;
use crate::egress::auth::error::EndpointError;
use crate::egress::auth::fault::EndpointFault;
use crate::egress::upstream::Upstream;
use crate::tokens::Store;

impl Tokens {
    /// Obtains tokens for the code that a person's permission came to, and keeps them in the store. The request goes the
    /// connector's way, under its rules. Whether the token can be renewed.
    ///
    /// # Errors
    ///
    /// The endpoint gives a token that ends and no refresh token, or what it gives can't be kept.
    pub(in crate::egress) async fn log_in(
        &self,
        upstream: &Upstream,
        code: &AuthorizationCode,
        store: &Store,
    ) -> Result<bool, EndpointError> {
        let endpoint = &self.endpoint;
        let asked = request::token(endpoint, upstream, Proof::Code(code)).await;
        let new = asked.map_err(|failure| failure.error)?;
        keep(endpoint, upstream, store, &new)
            .await
            .map_err(|fault| endpoint.error(upstream, fault))
    }
}

/// Keeps what a login brought, in place of whatever was kept. Whether it can be renewed: some give a token that holds until it
/// is revoked, and nothing to renew it with.
async fn keep(
    endpoint: &TokenEndpoint,
    upstream: &Upstream,
    store: &Store,
    new: &NewTokens,
) -> Result<bool, EndpointFault> {
    let given = &new.response.refresh_token;
    if given.is_none() && new.response.expires_in.is_some() {
        return Err(EndpointFault::NotForLong);
    }
    let refresh_token = given.clone().unwrap_or_else(|| Secret::new(""));
    let entry = store
        .entry(&upstream.connector, &endpoint.name)
        .map_err(EndpointFault::Store)?;
    let record = record(endpoint, &new.response, &refresh_token, None);
    let locked = lock(&entry).await.map_err(EndpointFault::Store)?;
    blocking(move || locked.write(&record))
        .await
        .map_err(EndpointFault::Store)?;
    Ok(given.is_some())
}
