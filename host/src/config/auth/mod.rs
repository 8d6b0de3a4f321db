//! Section `[auth.NAME]`: what the host adds to a connector's requests, so that the connector never sees it.
//!
//! The credentials are parsed here, and checked as far as possible without the API. `egress` chooses and adds the
//! credential of a request.

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
pub(in crate::config) use section::KINDS;
pub use signing_key::{Algorithm, SigningError, SigningKey};
