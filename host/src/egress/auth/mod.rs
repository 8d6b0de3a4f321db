//! The credentials of a connector: which one a request carries, and how it gets into the request.
//!
//! A credential is added last, when the request has passed every rule and is about to be sent. So the guest, the log
//! and the next request of a redirect never see it. The kinds of credentials are defined in `config`.
//!
//! `choice` is the credential of a guest's request, and `credentials` contains those to choose from. `source` and
//! `prepared` follow one from its configuration into the request, and `oauth2` and `jwt` obtain it. `refusals` keeps
//! URLs from renewing it all the time. `fault` lists what can be wrong with a token endpoint, such as a refresh token
//! that is no longer valid (`dead_token`).

mod add;
mod choice;
mod credentials;
mod dead_token;
pub(super) mod error;
mod fault;
mod jwt;
mod oauth2;
mod prepared;
mod refusals;
mod source;

pub(super) use choice::CredentialChoice;
pub(super) use credentials::Credentials;
pub(crate) use oauth2::AuthorizationCode;
#[cfg(test)]
pub(super) use prepared::PreparedCredential;
