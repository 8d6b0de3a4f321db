//! The kind `session`: a login other than OAuth's, with a key or a password, whose answer contains a token.

use http::{HeaderName, header};

use super::answer::{AnswerFields, AnswerHead};
use super::config::{ClientAuth, Grant, Oauth2Config, OauthClient};
use super::endpoint;
use super::field_path::FieldPath;
use super::shape::{ParameterPlace, TokenRequestShape};
use crate::config::allow::AllowList;
use crate::config::auth::addition::{self, CredentialPlace};
use crate::config::auth::fields::Fields;
use crate::config::auth::texts::{line, not_empty, without_controls};
use crate::config::quantity::parse_duration;
use crate::config::secret::Secret;

/// Reads the credential. `None` if something is invalid (which is recorded). `allow` are the rules of `[network]`;
/// `None` if they are invalid.
pub(in crate::config::auth) fn read(
    fields: &mut Fields<'_, '_, '_, '_>,
    allow: Option<&AllowList>,
) -> Option<Oauth2Config> {
    let mut shape = TokenRequestShape::read(fields);
    if !fields.has("body") && shape.body == ParameterPlace::Form {
        shape.body = ParameterPlace::Json;
    }
    shape.read_headers(fields, "headers");
    let method = shape.method.clone();
    let expected = "the URL where the host logs in, such as \"https://api.example.com/login\"";
    let login_url = fields.required("login-url", expected, |text| {
        endpoint::token_url(text, &method, allow)
    });
    let parameters = fields.sent_texts("parameters");
    let client = basic(fields);
    let mut answer = AnswerFields::read(fields);
    answer.head = head(fields);
    answer.assumed_lifetime = fields.optional("expires-in", "a time such as \"30m\"", |text| {
        let time = parse_duration(text).map_err(|error| error.to_string())?;
        if time.is_zero() {
            return Err("write a time of at least 1s".to_owned());
        }
        Ok(time)
    });
    let place = place(fields)?;
    let prefix = fields.optional("prefix", "a string such as \"Token \"", without_controls);
    let prefix = prefix.unwrap_or_else(|| match place {
        CredentialPlace::Header(ref name) if name == header::AUTHORIZATION => "Bearer ".to_owned(),
        _ => String::new(),
    });
    answer.take_prefix(&prefix);
    Some(Oauth2Config {
        grant: Grant::Session(parameters),
        token_url: login_url?,
        login: None,
        client,
        scopes: Vec::new(),
        audience: None,
        extra: Vec::new(),
        shape,
        answer,
        place,
        prefix,
        fingerprint: fields.fingerprint(),
    })
}

/// Reads `username` and `password`, which the login request itself sends as Basic authentication.
fn basic(fields: &mut Fields<'_, '_, '_, '_>) -> Option<OauthClient> {
    if !fields.has("username") && !fields.has("password") {
        return None;
    }
    let id = fields.required("username", "the user's name", line);
    let expected = "the password, such as { env = \"API_PASSWORD\" }";
    let password = fields.required("password", expected, without_controls)?;
    fields.keep_secret(&password);
    Some(OauthClient {
        id: id?,
        auth: ClientAuth::BasicRaw(Secret::new(password)),
    })
}

/// Reads the token's place: `token-path`, `token-header` or `token-cookie`.
fn head(fields: &mut Fields<'_, '_, '_, '_>) -> Option<AnswerHead> {
    let given = ["token-path", "token-header", "token-cookie"].map(|key| fields.has(key));
    if given.iter().filter(|is_given| **is_given).count() != 1 {
        fields.note(
            "write exactly one of `token-path`, `token-header` and `token-cookie`: the token's place in the answer to the login",
        );
    }
    let header = fields.optional(
        "token-header",
        "a header's name such as \"x-token\"",
        |text| {
            HeaderName::from_bytes(text.as_bytes()).map_err(|_| {
                "a header's name may contain only letters, digits and `!#$%&'*+-.^_`|~`".to_owned()
            })
        },
    );
    let cookie = fields.optional("token-cookie", "a cookie's name such as \"sid\"", not_empty);
    header
        .map(AnswerHead::Header)
        .or(cookie.map(AnswerHead::Cookie))
}

/// Reads where the token is sent, the header `Authorization` by default; `None` if it is invalid (which is recorded).
fn place(fields: &mut Fields<'_, '_, '_, '_>) -> Option<CredentialPlace> {
    let is_given = ["header", "query", "cookie"].map(|key| fields.has(key));
    if is_given.contains(&true) {
        return addition::place(fields);
    }
    Some(CredentialPlace::Header(header::AUTHORIZATION))
}

impl AnswerFields {
    /// The place where the token is looked for, in words.
    pub fn told(&self) -> String {
        match &self.head {
            None => self.token.dotted(),
            Some(AnswerHead::Header(name)) => name.as_str().to_owned(),
            Some(AnswerHead::Cookie(name)) => FieldPath::of_name(name).name(),
        }
    }
}
