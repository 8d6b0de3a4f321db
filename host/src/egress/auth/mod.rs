//! The credentials of a connector: which one a request carries, and how it gets into the request.
//!
//! A credential goes in last, when the request has passed every rule and is about to be sent, so that the guest, the log
//! and a redirect's next request never see it. What a credential is stands in `config`.
//!
//! `choice` is what a guest's request carries, `credentials` has those to choose from, `source` and `prepared` follow one
//! from its configuration into the request, and `oauth2` and `jwt` obtain it; `refusals` keeps URLs from renewing it all the time, and `fault` is
//! what can be wrong with a token endpoint, such as a refresh token that is over (`dead_token`).

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
