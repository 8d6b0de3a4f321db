//! Who asks for a token: `client-id`, `client-secret` and `client-auth`.

use serde_json::Map;
use url::Url;

use super::{Assertion, Client, ClientAuth};
use crate::config::auth::fields::Fields;
use crate::config::auth::jwt::JwtContent;
use crate::config::secret::Secret;

const AUTHS: [&str; 3] = ["basic", "body", "private-key-jwt"];

/// What a grant wants of a client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// A client that proves who it is.
    Proof,
    /// A client.
    Name,
    /// No client.
    Nothing,
}

/// What the file says of a client. Its id is there where the grant needs one.
pub(super) struct Given {
    id: Option<String>,
    secret: Option<Secret>,
    auth: &'static str,
}

impl Given {
    /// Reads the three keys, and notes what is wrong with them. None where something is.
    pub(super) fn read(fields: &mut Fields<'_, '_, '_, '_>, need: Need) -> Option<Self> {
        let expected = format!("one of {}", AUTHS.join(", "));
        let auth = fields.optional("client-auth", &expected, |text| {
            AUTHS
                .into_iter()
                .find(|auth| *auth == text)
                .ok_or_else(|| format!("no such way: write {expected}"))
        });
        let is_wrong = auth.is_none() && fields.has("client-auth");
        let auth = auth.unwrap_or("basic");
        let signs = auth == "private-key-jwt";
        let has_secret = !signs && fields.has("client-secret");
        let needs_id = need != Need::Nothing || signs || has_secret;
        let id = if needs_id {
            let expected = "the name under which the server knows the host";
            Some(fields.required("client-id", expected, text)?)
        } else {
            let is_there = fields.has("client-id");
            let id = fields.optional("client-id", "the client's name", text);
            if is_there && id.is_none() {
                return None;
            }
            id
        };
        let secret = if signs {
            None
        } else if need == Need::Proof || has_secret {
            let expected = "the client's secret, such as { env = \"CLIENT_SECRET\" }";
            Some(fields.required("client-secret", expected, text)?)
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

    /// Whether the client signs a token to say who it is.
    pub(super) fn signs(&self) -> bool {
        self.auth == "private-key-jwt"
    }

    /// The client; `content` is what it signs with, where it does.
    pub(super) fn into_client(
        self,
        content: Option<&JwtContent>,
        token_url: &Url,
    ) -> Option<Client> {
        let id = self.id?;
        let auth = match (content, self.secret) {
            (Some(content), None) => ClientAuth::PrivateKeyJwt(assertion(content, &id, token_url)),
            (_, None) => ClientAuth::Public,
            (_, Some(secret)) if self.auth == "body" => ClientAuth::Body(secret),
            (_, Some(secret)) => ClientAuth::Basic(secret),
        };
        Some(Client { id, auth })
    }
}

/// RFC 7523, section 3: the client speaks of itself to the server.
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

/// A value that isn't empty and stands on one line.
pub(super) fn text(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.contains(char::is_control) {
        return Err("it holds a line break or another control character".to_owned());
    }
    Ok(text.to_owned())
}
