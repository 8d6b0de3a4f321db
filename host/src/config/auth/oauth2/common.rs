//! The keys that all grants have in common.

use http::Method;
use url::Url;

use super::answer::AnswerFields;
use super::client::{ClientKeys, ClientNeed};
use super::config::{Grant, Oauth2Config};
use super::endpoint;
use super::key_file::KeyFile;
use super::login::LoginConfig;
use super::shape::TokenRequestShape;
use crate::config::allow::AllowList;
use crate::config::auth::addition::CredentialPlace;
use crate::config::auth::fields::Fields;
use crate::config::auth::jwt::{self, JwtContent};
use crate::config::auth::texts::line;

/// The parameters that the host sets itself.
const OWN_PARAMETERS: [&str; 12] = [
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "assertion",
    "scope",
    "audience",
    "refresh_token",
    "username",
    "password",
    "code",
];

/// What a grant requires of the common keys.
pub(super) struct GrantNeeds<'a> {
    /// The client.
    pub(super) client: ClientNeed,
    /// Whether the grant is a token that the host signs; the file may give its `claims`.
    pub(super) assertion: bool,
    /// `key-file`, which may replace `token-url` and the signing key.
    pub(super) key_file: &'a KeyFile,
}

/// The common keys, up to those of the grant itself. A field is `None` if it is invalid (which is recorded).
///
/// The order in which keys are read determines a credential's fingerprint, and a kept token is valid only for the same
/// fingerprint. So the keys of the grant are read between [`CommonKeys::read`] and [`CommonKeys::finish`], now and in
/// every later release.
pub(super) struct CommonKeys {
    pub(super) shape: TokenRequestShape,
    answer: AnswerFields,
    pub(super) token_url: Option<Url>,
    client: Option<ClientKeys>,
    pub(super) scopes: Vec<String>,
    /// What the host signs; `None` also if it signs nothing.
    pub(super) signed_content: Option<JwtContent>,
}

impl CommonKeys {
    /// Reads `token-url`, the client, `scopes`, and the contents of the token that the host signs, if it signs one.
    pub(super) fn read(
        fields: &mut Fields<'_, '_, '_, '_>,
        needs: &GrantNeeds<'_>,
        allow: Option<&AllowList>,
    ) -> Self {
        let mut shape = TokenRequestShape::read(fields);
        let answer = AnswerFields::read(fields);
        let token_url = token_url(fields, needs.key_file, &shape.method, allow);
        let client = ClientKeys::read(fields, needs.client);
        let scopes = fields.list("scopes", ("scope", "orders.read"), scope);
        shape.read_separator(fields);
        let signs = needs.assertion || client.as_ref().is_some_and(ClientKeys::signs);
        // `headers` are those of the token that the host signs.
        let headers = if signs { "request-headers" } else { "headers" };
        shape.read_headers(fields, headers);
        let signed_content = if signs {
            signed_content(fields, needs.key_file, needs.assertion)
        } else {
            None
        };
        Self {
            shape,
            answer,
            token_url,
            client,
            scopes,
            signed_content,
        }
    }

    /// Reads the keys after those of the grant. `None` if any key is invalid (which is recorded).
    pub(super) fn finish(
        self,
        fields: &mut Fields<'_, '_, '_, '_>,
        grant: Option<Grant>,
        login: Option<LoginConfig>,
    ) -> Option<Oauth2Config> {
        let audience = fields.optional("audience", "the API that the token is for", line);
        let extra = fields.sent_texts("extra");
        for own in OWN_PARAMETERS {
            if extra.iter().any(|(name, _)| name == own) {
                fields.note_of("extra", own, "the host sets this one itself: remove it");
            }
        }
        let (header, prefix) = jwt::place(fields);
        let mut answer = self.answer;
        answer.take_prefix(&prefix);
        let (grant, token_url, client) = (grant?, self.token_url?, self.client?);
        let client_content = if client.signs() {
            Some(self.signed_content?)
        } else {
            None
        };
        Some(Oauth2Config {
            grant,
            client: client.into_client(client_content.as_ref(), &token_url),
            login,
            scopes: self.scopes,
            audience,
            extra,
            shape: self.shape,
            answer,
            place: CredentialPlace::Header(header),
            prefix,
            fingerprint: fields.fingerprint(),
            token_url,
        })
    }
}

fn token_url(
    fields: &mut Fields<'_, '_, '_, '_>,
    key_file: &KeyFile,
    method: &Method,
    allow: Option<&AllowList>,
) -> Option<Url> {
    if !key_file.is_set() || fields.has("token-url") {
        let expected = "the URL of the token endpoint, such as \"https://login.example.com/token\"";
        return fields.required("token-url", expected, |text| {
            endpoint::token_url(text, method, allow)
        });
    }
    endpoint::token_url(&key_file.account()?.token_url, method, allow)
        .map_err(|message| fields.note(format!("`token_uri` of `key-file`: {message}")))
        .ok()
}

/// The contents of the token that the host signs, with the signing key.
fn signed_content(
    fields: &mut Fields<'_, '_, '_, '_>,
    key_file: &KeyFile,
    has_claims: bool,
) -> Option<JwtContent> {
    jwt::content(fields, has_claims, |fields| {
        if key_file.is_set() {
            key_file.account().map(|account| account.key.clone())
        } else {
            jwt::key(fields)
        }
    })
}

/// RFC 6749, section 3.3.
fn scope(text: &str) -> Result<String, String> {
    let fits = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    if text.is_empty() || !text.bytes().all(fits) {
        return Err("a scope may contain only visible ASCII characters other than quotes and backslashes: write one scope per item".to_owned());
    }
    Ok(text.to_owned())
}
