//! How a token is requested.

use std::fmt;

use url::Url;

use super::answer::AnswerFields;
use super::login::LoginConfig;
use super::shape::TokenRequestShape;
use crate::config::auth::addition::CredentialPlace;
use crate::config::auth::jwt::JwtContent;
use crate::config::secret::Secret;

/// How a token is requested and sent.
#[derive(Clone)]
pub struct Oauth2Config {
    /// `grant`, with its keys.
    pub grant: Grant,
    /// `token-url`: http or https, without user name and fragment; a rule of `[network]` permits the request.
    pub token_url: Url,
    /// How a person authorizes the host, for grants that need that.
    pub login: Option<LoginConfig>,
    /// `client-id`, and how the host proves to be that client; `None` if the grant alone identifies the host.
    pub client: Option<OauthClient>,
    /// `scopes` that are sent as a parameter, each without white space.
    pub scopes: Vec<String>,
    /// `audience`: a parameter that some servers require.
    pub audience: Option<String>,
    /// `extra`: further parameters, none of which the host sets itself. A name may occur several times.
    pub extra: Vec<(String, String)>,
    /// The form of the token request.
    pub shape: TokenRequestShape,
    /// How the answer is read.
    pub answer: AnswerFields,
    /// `header`, or `query` or `cookie` of a session: where the token goes.
    pub place: CredentialPlace,
    /// `prefix`: the text before the token.
    pub prefix: String,
    /// A digest of all of this, which changes with every value. A kept token is valid as long as the digest is the
    /// same.
    pub fingerprint: [u8; 32],
}

/// What the host presents to get a token.
#[derive(Clone)]
pub enum Grant {
    /// The client's own credentials (RFC 6749, section 4.4).
    ClientCredentials,
    /// A refresh token (section 6); `None` if a login provides it.
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
    /// The parameters of a login other than OAuth's: the kind `session`.
    Session(Vec<(String, String)>),
}

impl Oauth2Config {
    /// Whether a refresh request includes the scopes. By default it doesn't if the refresh token comes from a login:
    /// the person granted the scopes there, and a refresh request without scopes is for the same ones (RFC 6749,
    /// section 6).
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

/// The client that requests a token.
#[derive(Clone)]
pub struct OauthClient {
    /// `client-id`.
    pub id: String,
    /// `client-auth`.
    pub auth: ClientAuth,
}

/// How a client proves its identity.
#[derive(Clone)]
pub enum ClientAuth {
    /// Not at all, since it has no secret.
    Public,
    /// With its secret, as the password of Basic authentication (RFC 6749, section 2.3.1).
    Basic(Secret),
    /// The same without escaping the id and the secret, as many servers expect.
    BasicRaw(Secret),
    /// With its secret, as a parameter.
    Body(Secret),
    /// With a token that it signs (RFC 7523, section 2.2).
    PrivateKeyJwt(Assertion),
}

/// A token that the host signs and presents to the token endpoint.
#[derive(Clone)]
pub struct Assertion(pub Box<JwtContent>);

/// Shows no secret values.
impl fmt::Debug for Oauth2Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Oauth2Config")
            .field("token_url", &self.token_url.origin().ascii_serialization())
            .finish_non_exhaustive()
    }
}
