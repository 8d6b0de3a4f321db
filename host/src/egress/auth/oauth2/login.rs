//! What a login brings: the first refresh token, for the store.

use super::super::super::Egress;
use super::super::super::error::EgressError;
use super::super::{AuthError, Source};
use super::form::{AuthorizationCode, Shown};
use super::{kept, request};
use crate::tokens::Store;

impl Egress {
    /// Has tokens for the code that a person's permission came to, and keeps them in the store. The request goes the
    /// connector's way, under its rules.
    ///
    /// # Errors
    ///
    /// There is no such credential of the kind `oauth2`, its endpoint gives no refresh token, or it can't be kept.
    pub(crate) async fn log_in(
        &self,
        credential: &str,
        code: &AuthorizationCode,
        store: &Store,
    ) -> Result<(), EgressError> {
        let held = self.credentials.named(credential)?;
        let Source::Given(tokens) = &held.source else {
            return Err(self.credentials.unknown(credential).into());
        };
        let fail = |error| EgressError::from(AuthError::Token(std::sync::Arc::new(error)));
        let shown = Shown::Code(code);
        let fresh = request::token(tokens, &self.way, shown)
            .await
            .map_err(fail)?;
        kept::begin(tokens, &self.way, store, &fresh)
            .await
            .map_err(|fault| fail(request::failure(tokens, &self.way, None, fault)))
    }
}
