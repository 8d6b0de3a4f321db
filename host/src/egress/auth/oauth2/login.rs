//! What a login brings: the first refresh token, for the store.

use super::proof::{AuthorizationCode, Proof};
use super::tokens::Tokens;
use super::{kept, request};
use crate::egress::auth::error::EndpointError;
use crate::egress::upstream::Upstream;
use crate::tokens::Store;

impl Tokens {
    /// Obtains tokens for the code that a person's permission came to, and keeps them in the store. The request goes the
    /// connector's way, under its rules.
    ///
    /// # Errors
    ///
    /// The endpoint gives no refresh token, or it can't be kept.
    pub(in crate::egress) async fn log_in(
        &self,
        upstream: &Upstream,
        code: &AuthorizationCode,
        store: &Store,
    ) -> Result<(), EndpointError> {
        let endpoint = &self.endpoint;
        let asked = request::token(endpoint, upstream, Proof::Code(code)).await;
        let new = asked.map_err(|failure| failure.error)?;
        kept::begin(endpoint, upstream, store, &new)
            .await
            .map_err(|fault| endpoint.error(upstream, fault))
    }
}
