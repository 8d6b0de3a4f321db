//! The client that requests a token: `client-id`, `client-secret` and `client-auth`.

use serde_json::Map;
use url::Url;

use super::config::{Assertion, ClientAuth, OauthClient};
use crate::config::auth::fields::Fields;
use crate::config::auth::jwt::JwtContent;
use crate::config::auth::texts::line;
use crate::config::choice::chosen;
use crate::config::secret::Secret;

/// The values of `client-auth`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AuthMethod {
    Basic,
    BasicRaw,
    Body,
    PrivateKeyJwt,
    None,
}

impl AuthMethod {
    const ALL: [Self; 5] = [
        Self::Basic,
        Self::BasicRaw,
        Self::Body,
        Self::PrivateKeyJwt,
        Self::None,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::BasicRaw => "basic-raw",
            Self::Body => "body",
            Self::PrivateKeyJwt => "private-key-jwt",
            Self::None => "none",
        }
    }
}

/// What a grant requires of the client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientNeed {
    /// An id and a proof, such as a secret.
    Proof,
    /// An id.
    Name,
    /// Nothing.
    Nothing,
}

/// The keys of the client. The id is present if the grant requires one.
pub(super) struct ClientKeys {
    id: Option<String>,
    secret: Option<Secret>,
    auth: AuthMethod,
}

impl ClientKeys {
    /// Reads the three keys. `None` if one is invalid (which is recorded).
    pub(super) fn read(fields: &mut Fields<'_, '_, '_, '_>, need: ClientNeed) -> Option<Self> {
        let expected = format!(
            "one of {}",
            AuthMethod::ALL.map(AuthMethod::name).join(", ")
        );
        let auth = fields.optional("client-auth", &expected, |text| {
            chosen("method", text, AuthMethod::ALL, |auth| auth.name())
        });
        let is_wrong = auth.is_none() && fields.has("client-auth");
        let auth = auth.unwrap_or(AuthMethod::Basic);
        let signs = auth == AuthMethod::PrivateKeyJwt;
        let proves_nothing = auth == AuthMethod::None;
        if proves_nothing && fields.has("client-secret") {
            fields.note(
                "`client-auth` is \"none\", so `client-secret` would not be sent: remove one of the two",
            );
        }
        let has_secret = !signs && !proves_nothing && fields.has("client-secret");
        let needs_id = need != ClientNeed::Nothing || signs || has_secret;
        let id = if needs_id {
            let expected = "the id under which the host is registered";
            Some(fields.required("client-id", expected, line)?)
        } else {
            let is_there = fields.has("client-id");
            let id = fields.optional("client-id", "the client's id", line);
            if is_there && id.is_none() {
                return None;
            }
            id
        };
        let secret = if signs || proves_nothing {
            None
        } else if need == ClientNeed::Proof || has_secret {
            let expected = "the client's secret, such as { env = \"CLIENT_SECRET\" }";
            Some(fields.required("client-secret", expected, line)?)
        } else {
            None
        };
        if let Some(secret) = &secret {
            fields.keep_secret(secret);
        }
        (!is_wrong).then_some(Self {
            id,
            secret: secret.map(Secret::new),
            auth,
        })
    }

    /// Whether the client proves its identity with a token that it signs.
    pub(super) fn signs(&self) -> bool {
        self.auth == AuthMethod::PrivateKeyJwt
    }

    /// The client; `None` if it has no id. `content` is the token that it signs, if it signs one.
    pub(super) fn into_client(
        self,
        content: Option<&JwtContent>,
        token_url: &Url,
    ) -> Option<OauthClient> {
        let id = self.id?;
        let auth = match (content, self.secret) {
            (Some(content), None) => ClientAuth::PrivateKeyJwt(assertion(content, &id, token_url)),
            (_, None) => ClientAuth::Public,
            (_, Some(secret)) => match self.auth {
                AuthMethod::Body => ClientAuth::Body(secret),
                AuthMethod::BasicRaw => ClientAuth::BasicRaw(secret),
                AuthMethod::Basic | AuthMethod::PrivateKeyJwt | AuthMethod::None => {
                    ClientAuth::Basic(secret)
                }
            },
        };
        Some(OauthClient { id, auth })
    }
}

/// RFC 7523, section 3: issuer and subject are both the client.
fn assertion(content: &JwtContent, id: &str, token_url: &Url) -> Assertion {
    let claims = [("iss", id), ("sub", id), ("aud", token_url.as_str())];
    Assertion(Box::new(JwtContent {
        claims: claims
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect::<Map<_, _>>(),
        ..content.clone()
    }))
}
