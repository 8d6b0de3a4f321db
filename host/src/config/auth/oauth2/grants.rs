//! The grants: the keys of each one, in addition to the common ones.

use serde_json::Value;
use url::Url;

use super::client::ClientNeed;
use super::common::{CommonKeys, GrantNeeds};
use super::config::{Assertion, Grant, Oauth2Config};
use super::key_file::{KeyFile, ServiceAccount};
use super::login::LoginConfig;
use crate::config::allow::AllowList;
use crate::config::auth::fields::Fields;
use crate::config::auth::jwt::JwtContent;
use crate::config::auth::texts::{line, without_controls};
use crate::config::secret::Secret;

/// The requirements of a grant that isn't a signed token.
fn unsigned(client: ClientNeed) -> GrantNeeds<'static> {
    GrantNeeds {
        client,
        assertion: false,
        key_file: &KeyFile::NotSet,
    }
}

/// `client-credentials`: the client's own credentials.
pub(super) fn client_credentials(
    fields: &mut Fields<'_, '_, '_, '_>,
    allow: Option<&AllowList>,
) -> Option<Oauth2Config> {
    let common = CommonKeys::read(fields, &unsigned(ClientNeed::Proof), allow);
    common.finish(fields, Some(Grant::ClientCredentials), None)
}

/// `refresh-token`, or `authorize-url`, by which the host gets one.
pub(super) fn refresh_token(
    fields: &mut Fields<'_, '_, '_, '_>,
    allow: Option<&AllowList>,
) -> Option<Oauth2Config> {
    let mut common = CommonKeys::read(fields, &unsigned(ClientNeed::Name), allow);
    common.shape.read_renewal(fields, allow);
    let login = LoginConfig::read(fields);
    let token = if fields.has("authorize-url") && !fields.has("refresh-token") {
        Some(None)
    } else {
        let expected = "the token that the host exchanges for access tokens, such as { env = \"REFRESH_TOKEN\" }";
        fields.required("refresh-token", expected, line).map(Some)
    };
    if let Some(Some(token)) = &token {
        fields.keep_secret(token);
    }
    let grant = token.map(|token| Grant::RefreshToken(token.map(Secret::new)));
    common.finish(fields, grant, login)
}

/// `username` and `password`.
pub(super) fn password(
    fields: &mut Fields<'_, '_, '_, '_>,
    allow: Option<&AllowList>,
) -> Option<Oauth2Config> {
    let common = CommonKeys::read(fields, &unsigned(ClientNeed::Name), allow);
    let username = fields.required("username", "the user's name", line);
    let expected = "the password, such as { env = \"API_PASSWORD\" }";
    let password = fields.required("password", expected, without_controls);
    if let Some(password) = &password {
        fields.keep_secret(password);
    }
    let grant = username
        .zip(password)
        .map(|(username, password)| Grant::Password {
            username,
            password: Secret::new(password),
        });
    common.finish(fields, grant, None)
}

/// A token that the host signs: with `key`, or with the key of a service account in `key-file`, which then also
/// provides the issuer and the token URL.
pub(super) fn jwt_bearer(
    fields: &mut Fields<'_, '_, '_, '_>,
    allow: Option<&AllowList>,
) -> Option<Oauth2Config> {
    let key_file = KeyFile::read(fields);
    let needs = GrantNeeds {
        client: ClientNeed::Nothing,
        assertion: true,
        key_file: &key_file,
    };
    let mut common = CommonKeys::read(fields, &needs, allow);
    let subject = if key_file.is_set() {
        fields.optional("subject", "the user to act for", line)
    } else {
        None
    };
    let signed = common
        .signed_content
        .as_ref()
        .zip(common.token_url.as_ref());
    let grant = signed.map(|(content, token_url)| {
        let claims = OwnClaims {
            account: key_file.account(),
            subject,
            scopes: &common.scopes,
            token_url,
        };
        Grant::JwtBearer(claims.assertion(content))
    });
    if key_file.is_set() {
        // For a service account the scopes are part of the signed token.
        common.scopes.clear();
    }
    common.finish(fields, grant, None)
}

/// The claims that the host adds to the token that it signs, unless the file sets them.
struct OwnClaims<'a> {
    account: Option<&'a ServiceAccount>,
    subject: Option<String>,
    scopes: &'a [String],
    token_url: &'a Url,
}

impl OwnClaims<'_> {
    fn assertion(self, content: &JwtContent) -> Assertion {
        let mut content = content.clone();
        let mut own: Vec<(&str, Value)> = vec![("aud", self.token_url.as_str().into())];
        if let Some(account) = self.account {
            own.push(("iss", account.email.as_str().into()));
            if !self.scopes.is_empty() {
                own.push(("scope", self.scopes.join(" ").into()));
            }
            if let Some(id) = &account.key_id {
                let kid = content.headers.entry("kid");
                kid.or_insert_with(|| id.as_str().into());
            }
        }
        if let Some(subject) = self.subject {
            own.push(("sub", subject.into()));
        }
        for (name, value) in own {
            content.claims.entry(name).or_insert(value);
        }
        Assertion(Box::new(content))
    }
}
