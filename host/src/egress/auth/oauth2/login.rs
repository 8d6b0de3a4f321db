//! The result of a login: the first refresh token, for the store.

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
    /// Obtains tokens for the authorization code of a login, and keeps them in the store. The request is sent like
    /// the connector's own, under its rules. Returns whether the token can be renewed.
    ///
    /// # Errors
    ///
    /// The endpoint returns a token that expires and no refresh token, or the result can't be stored.
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

/// Keeps the result of a login in place of any earlier record. Returns whether it can be renewed: some endpoints
/// return a token that is valid until it is revoked, and no refresh token.
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
