//! Section `[auth.NAME]`: what the host adds to a connector's requests, so that the connector never has it.
//!
//! Here belong the credentials as the file has them, checked as far as they can be without the API. How a request's
//! credential is chosen and added is `egress`'s.

mod addition;
mod credential;
mod fields;
mod jwt;
mod known_keys;
mod oauth2;
mod section;
mod signing_key;
mod texts;
mod urls;

pub use addition::{Addition, CredentialPlace};
pub use credential::{Credential, CredentialKind};
pub use jwt::{JwtConfig, JwtContent};
pub use oauth2::{
    AnswerFields, AnswerHead, Assertion, ClientAuth, FieldPath, Grant, LoginConfig, Oauth2Config,
    OauthClient, ParameterPlace, RedirectUri, TokenRequestShape,
};
pub use signing_key::{Algorithm, SigningError, SigningKey};
