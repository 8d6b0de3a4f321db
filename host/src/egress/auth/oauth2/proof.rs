//! The proof in a token request, in addition to the configuration.

use crate::config::Secret;

/// The proof that is sent to the endpoint, in addition to the configuration.
#[derive(Clone, Copy)]
pub(super) enum Proof<'a> {
    Nothing,
    RefreshToken(&'a Secret),
    Code(&'a AuthorizationCode),
}

/// The result of a person's consent (RFC 6749, section 4.1.3).
pub(crate) struct AuthorizationCode {
    /// As the redirect contained it.
    pub(crate) code: Secret,
    /// The target of the redirect.
    pub(crate) redirect_uri: String,
    /// The verifier behind the challenge (RFC 7636); `None` for a server that doesn't support it.
    pub(crate) verifier: Option<Secret>,
}
