//! Reads the keys of a credential of the kind `oauth2`.

use super::config::Oauth2Config;
use super::grants::{client_credentials, jwt_bearer, password, refresh_token};
use crate::config::allow::AllowList;
use crate::config::auth::fields::Fields;
use crate::config::choice::chosen;

/// The values of `grant`.
#[derive(Debug, Clone, Copy)]
enum GrantKind {
    ClientCredentials,
    RefreshToken,
    Password,
    JwtBearer,
}

impl GrantKind {
    const ALL: [Self; 4] = [
        Self::ClientCredentials,
        Self::RefreshToken,
        Self::Password,
        Self::JwtBearer,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client-credentials",
            Self::RefreshToken => "refresh-token",
            Self::Password => "password",
            Self::JwtBearer => "jwt-bearer",
        }
    }
}

/// All keys, except those that every credential has.
const KEYS: [&str; 37] = [
    "grant",
    "token-url",
    "authorize-url",
    "redirect-uri",
    "pkce",
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
    "key-encoding",
    "backdate",
    "subject",
    "header",
    "prefix",
    "body",
    "method",
    "request-headers",
    "refresh-url",
    "scopes-in-renewals",
    "scope-separator",
    "token-path",
    "refresh-token-path",
    "expires-in-path",
    "expires-in-unit",
    "token-types",
    "variables",
];

/// Reads the credential. `None` if something is invalid (which is recorded). `allow` are the rules of `[network]`;
/// `None` if they are invalid.
pub(in crate::config::auth) fn read(
    fields: &mut Fields<'_, '_, '_, '_>,
    allow: Option<&AllowList>,
) -> Option<Oauth2Config> {
    let Some(kind) = kind(fields) else {
        // Without a grant the meaningful keys aren't known, so no key is reported as unknown.
        for key in KEYS {
            fields.has(key);
        }
        return None;
    };
    match kind {
        GrantKind::ClientCredentials => client_credentials(fields, allow),
        GrantKind::RefreshToken => refresh_token(fields, allow),
        GrantKind::Password => password(fields, allow),
        GrantKind::JwtBearer => jwt_bearer(fields, allow),
    }
}

fn kind(fields: &mut Fields<'_, '_, '_, '_>) -> Option<GrantKind> {
    let expected = format!("one of {}", GrantKind::ALL.map(GrantKind::name).join(", "));
    fields.required("grant", &expected, |text| {
        chosen("grant", text, GrantKind::ALL, |kind| kind.name())
    })
}
