//! What a request for a token shows to the endpoint, besides what the configuration has.

use crate::config::Secret;

/// What is shown to the endpoint besides what the configuration has.
#[derive(Clone, Copy)]
pub(super) enum Proof<'a> {
    Nothing,
    RefreshToken(&'a Secret),
    Code(&'a AuthorizationCode),
}

/// What a person's permission came to (RFC 6749, section 4.1.3).
pub(crate) struct AuthorizationCode {
    /// As the redirect brought it.
    pub(crate) code: Secret,
    /// Where the redirect went.
    pub(crate) redirect_uri: String,
    /// What the challenge was made of (RFC 7636); `None` for a server that knows none.
    pub(crate) verifier: Option<Secret>,
}
