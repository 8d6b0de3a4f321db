//! What a token is asked for with.

use std::fmt;

use url::Url;

use super::answer::AnswerFields;
use super::login::LoginConfig;
use super::shape::TokenRequestShape;
use crate::config::auth::addition::CredentialPlace;
use crate::config::auth::jwt::JwtContent;
use crate::config::secret::Secret;

/// What a token is asked for with, and how it is sent.
#[derive(Clone)]
pub struct Oauth2Config {
    /// `grant`, with what belongs to it.
    pub grant: Grant,
    /// `token-url`: http or https, without user name and fragment; a rule of `[network]` permits a POST there.
    pub token_url: Url,
    /// How a person permits the host to get tokens, for those grants that need one.
    pub login: Option<LoginConfig>,
    /// `client-id` and how the host proves that it is that client; `None` if the grant alone says who asks.
    pub client: Option<OauthClient>,
    /// `scopes`, each without white space; those that are sent as a parameter.
    pub scopes: Vec<String>,
    /// `audience`: a parameter that some servers want.
    pub audience: Option<String>,
    /// `extra`: further parameters, none of which is the host's to fill in. A name may come several times.
    pub extra: Vec<(String, String)>,
    /// How a token is asked for.
    pub shape: TokenRequestShape,
    /// How the answer is read.
    pub answer: AnswerFields,
    /// `header`, or `query` or `cookie` of a session: where the token goes.
    pub place: CredentialPlace,
    /// `prefix`: what stands before the token.
    pub prefix: String,
    /// A digest of all of this, which changes with every value. A token is good for as long as it stays the same.
    pub fingerprint: [u8; 32],
}

/// What the host shows to get a token.
#[derive(Clone)]
pub enum Grant {
    /// The client itself (RFC 6749, section 4.4).
    ClientCredentials,
    /// A refresh token (section 6); `None` if it comes from a login, by way of a login.
    RefreshToken(Option<Secret>),
    /// A user's name and password (section 4.3).
    Password {
        /// `username`.
        username: String,
        /// `password`.
        password: Secret,
    },
    /// A token that the host signs (RFC 7523, section 2.1).
    JwtBearer(Assertion),
    /// The parameters of a login that is none of OAuth's: the kind `session`.
    Session(Vec<(String, String)>),
}

impl Oauth2Config {
    /// Whether a request with a refresh token has the scopes. By default one that follows a login has not: the person
    /// permitted them there, and a renewal without scopes is for the same ones (RFC 6749, section 6).
    pub fn renews_with_scopes(&self) -> bool {
        let by_default = self.login.is_none();
        self.shape.scopes_in_renewals.unwrap_or(by_default)
    }

    /// The scopes as one text; `None` if there are none.
    pub fn scope(&self) -> Option<String> {
        let is_empty = self.scopes.is_empty();
        (!is_empty).then(|| self.scopes.join(&self.shape.scope_separator))
    }
}

impl Grant {
    /// The configured refresh token.
    pub fn refresh_token(&self) -> Option<&Secret> {
        match self {
            Self::RefreshToken(token) => token.as_ref(),
            Self::ClientCredentials
            | Self::Password { .. }
            | Self::JwtBearer(_)
            | Self::Session(_) => None,
        }
    }
}

/// The client that asks.
#[derive(Clone)]
pub struct OauthClient {
    /// `client-id`.
    pub id: String,
    /// `client-auth`.
    pub auth: ClientAuth,
}

/// How a client proves who it is.
#[derive(Clone)]
pub enum ClientAuth {
    /// Not at all: it has no secret.
    Public,
    /// By its secret as the password of a user (RFC 6749, section 2.3.1).
    Basic(Secret),
    /// The same without escaping either of the two, as many servers read it.
    BasicRaw(Secret),
    /// By its secret as a parameter.
    Body(Secret),
    /// By a token that it signs (RFC 7523, section 2.2).
    PrivateKeyJwt(Assertion),
}

/// A token that the host signs to show it to the token endpoint.
#[derive(Clone)]
pub struct Assertion(pub Box<JwtContent>);

/// Shows no values.
impl fmt::Debug for Oauth2Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Oauth2Config")
            .field("token_url", &self.token_url.origin().ascii_serialization())
            .finish_non_exhaustive()
    }
}
