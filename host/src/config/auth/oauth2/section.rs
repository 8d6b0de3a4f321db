//! Reads the keys of a credential of the kind `oauth2`.

use serde_json::Value;
use url::Url;

use super::client::{Given, Need, text};
use super::key_file::{self, Account};
use super::{Assertion, Grant, Oauth2Config, endpoint};
use crate::config::allow::AllowList;
use crate::config::auth::addition::without_controls;
use crate::config::auth::fields::Fields;
use crate::config::auth::jwt::{self, JwtContent};
use crate::config::secret::Secret;

const GRANTS: [&str; 4] = [
    "client-credentials",
    "refresh-token",
    "password",
    "jwt-bearer",
];

/// The parameters that the host fills in itself.
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

/// All keys but those of every credential.
const KEYS: [&str; 20] = [
    "grant",
    "token-url",
    "authorize-url",
    "client-id",
    "client-secret",
    "client-auth",
    "scopes",
    "audience",
    "extra",
    "refresh-token",
    "username",
    "password",
    "algorithm",
    "key",
    "claims",
    "headers",
    "expires-in",
    "key-file",
    "subject",
    "header",
];

/// `allow` are the rules of `[network]`; none where they are wrong themselves.
pub(in crate::config::auth) fn read(
    fields: &mut Fields<'_, '_, '_, '_>,
    allow: Option<&AllowList>,
) -> Option<Oauth2Config> {
    let expected = format!("one of {}", GRANTS.join(", "));
    let grant = fields.required("grant", &expected, |text| {
        GRANTS
            .into_iter()
            .find(|grant| *grant == text)
            .ok_or_else(|| format!("no such grant: write {expected}"))
    });
    let Some(grant) = grant else {
        // Which keys have a meaning isn't known.
        for key in KEYS {
            fields.has(key);
        }
        fields.has("prefix");
        return None;
    };
    let is_signed = grant == "jwt-bearer";
    let has_key_file = is_signed && fields.has("key-file");
    let account = if is_signed {
        key_file::read(fields)
    } else {
        None
    };
    let token_url = token_url(fields, account.as_ref(), has_key_file, allow);
    let need = match grant {
        "client-credentials" => Need::Proof,
        "jwt-bearer" => Need::Nothing,
        _ => Need::Name,
    };
    let client = Given::read(fields, need);
    let scopes = fields.list("scopes", ("scope", "orders.read"), scope);
    let signs = is_signed || client.as_ref().is_some_and(Given::signs);
    let content = if signs {
        content(fields, account.as_ref(), has_key_file, is_signed)
    } else {
        None
    };
    let subject = if has_key_file {
        fields.optional("subject", "the user to act for", text)
    } else {
        None
    };
    let authorize_url = if grant == "refresh-token" {
        fields.optional("authorize-url", "a URL", endpoint::address)
    } else {
        None
    };
    let found = match grant {
        "client-credentials" => Some(Grant::ClientCredentials),
        "refresh-token" => refresh_token(fields),
        "password" => password(fields),
        _ => content
            .as_ref()
            .zip(token_url.as_ref())
            .map(|(content, token_url)| {
                let claims = Claims {
                    account: account.as_ref(),
                    subject,
                    scopes: &scopes,
                    token_url,
                };
                Grant::JwtBearer(claims.assertion(content))
            }),
    };
    let audience = fields.optional("audience", "what the token is for", text);
    let extra = fields.texts("extra");
    for own in OWN_PARAMETERS {
        if extra.iter().any(|(name, _)| name == own) {
            fields.note(format!("`{own}` of `extra` is the host's to fill in"));
        }
    }
    let (header, prefix) = jwt::place(fields);
    let (grant, token_url, client) = (found?, token_url?, client?);
    if client.signs() && content.is_none() {
        return None;
    }
    let signs = client.signs().then_some(content.as_ref()).flatten();
    Some(Oauth2Config {
        grant,
        client: client.into_client(signs, &token_url),
        authorize_url,
        // A service account's are part of what it signs.
        scopes: if has_key_file { Vec::new() } else { scopes },
        audience,
        extra,
        header,
        prefix,
        fingerprint: fields.fingerprint(),
        token_url,
    })
}

fn token_url(
    fields: &mut Fields<'_, '_, '_, '_>,
    account: Option<&Account>,
    has_key_file: bool,
    allow: Option<&AllowList>,
) -> Option<Url> {
    if !has_key_file || fields.has("token-url") {
        let expected = "where tokens are had, such as \"https://login.example.com/token\"";
        return fields.required("token-url", expected, |text| {
            endpoint::token_url(text, allow)
        });
    }
    endpoint::token_url(&account?.token_url, allow)
        .map_err(|message| fields.note(format!("`token_uri` of `key-file`: {message}")))
        .ok()
}

/// What the host signs, and with which key. Only a grant has claims of the file's.
fn content(
    fields: &mut Fields<'_, '_, '_, '_>,
    account: Option<&Account>,
    has_key_file: bool,
    is_grant: bool,
) -> Option<JwtContent> {
    jwt::content(fields, is_grant, |fields| {
        if has_key_file {
            account.map(|account| account.key.clone())
        } else {
            jwt::key(fields)
        }
    })
}

/// What the host says in a token that it signs to get another one, where the file doesn't say it.
struct Claims<'a> {
    account: Option<&'a Account>,
    subject: Option<String>,
    scopes: &'a [String],
    token_url: &'a Url,
}

impl Claims<'_> {
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

fn refresh_token(fields: &mut Fields<'_, '_, '_, '_>) -> Option<Grant> {
    if fields.has("authorize-url") && !fields.has("refresh-token") {
        return Some(Grant::RefreshToken(None));
    }
    let expected = "the token that others are had for, such as { env = \"REFRESH_TOKEN\" }";
    let token = fields.required("refresh-token", expected, text)?;
    fields.keep_secret(&token);
    Some(Grant::RefreshToken(Some(Secret::new(token))))
}

fn password(fields: &mut Fields<'_, '_, '_, '_>) -> Option<Grant> {
    let username = fields.required("username", "the user's name", text);
    let expected = "the password, such as { env = \"API_PASSWORD\" }";
    let password = fields.required("password", expected, without_controls)?;
    fields.keep_secret(&password);
    Some(Grant::Password {
        username: username?,
        password: Secret::new(password),
    })
}

/// RFC 6749, section 3.3.
fn scope(text: &str) -> Result<String, String> {
    let fits = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    if text.is_empty() || !text.bytes().all(fits) {
        return Err("a scope is of visible ASCII characters without quotes and backslashes; write one for each item".to_owned());
    }
    Ok(text.to_owned())
}
