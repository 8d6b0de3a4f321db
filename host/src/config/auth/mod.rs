//! Section `[auth.NAME]`: what the host adds to a connector's requests, so that the connector never has it.
//!
//! Here belong the credentials as the file has them, checked as far as they can be without the API. How a request's
//! credential is chosen and added is `egress`'s.

mod addition;
mod fields;
mod jwt;
mod oauth2;
mod section;
mod signing_key;
mod urls;

pub use jwt::{JwtConfig, JwtContent};
pub use oauth2::{Assertion, Client, ClientAuth, Grant, Oauth2Config};
pub use signing_key::{Algorithm, SigningError, SigningKey};

use std::fmt;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use url::Url;

use super::allow::AllowList;
use super::secret::Secret;

/// One `[auth.NAME]`.
#[derive(Clone)]
pub struct Credential {
    /// 1 to 63 letters, digits, `.`, `_` and `-`: what errors and logs call it, and requests choose it by.
    pub name: Arc<str>,
    /// The URLs that it holds for; never empty.
    pub(in crate::config) urls: AllowList,
    /// What is added.
    pub kind: CredentialKind,
    /// Its secret values as the connector must never see them: keys, passwords, and what is sent of them where that is
    /// another text. Not tokens that are made from it.
    pub secrets: Vec<Secret>,
}

impl Credential {
    /// The hosts of its URLs.
    pub fn hosts(&self) -> Vec<String> {
        self.urls.hosts()
    }

    /// Whether the credential may go to this URL, whatever the method.
    pub fn holds_for(&self, url: &Url) -> bool {
        self.urls.permits("", url)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("name", &self.name)
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// How a credential is had.
#[derive(Clone)]
pub enum CredentialKind {
    /// It stands in the configuration: `api-key`, `basic` or `bearer`.
    Fixed(Addition),
    /// The host signs it: `jwt`.
    Jwt(Arc<JwtConfig>),
    /// The host gets it from a token endpoint: `oauth2`.
    Oauth2(Arc<Oauth2Config>),
}

/// What becomes of a request. Each replaces what the request has under the same name.
#[derive(Clone)]
pub enum Addition {
    /// A header.
    Header {
        /// Not one that frames the message.
        name: HeaderName,
        /// Marked as sensitive.
        value: HeaderValue,
    },
    /// A parameter of the URL's query.
    Query {
        /// Not yet escaped, not empty.
        name: String,
        /// Not yet escaped.
        value: Secret,
    },
    /// A cookie.
    Cookie {
        /// A token (RFC 6265, section 4.1.1).
        name: String,
        /// Of the characters that a cookie can have.
        value: Secret,
    },
}
