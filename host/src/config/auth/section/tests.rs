use std::path::Path;

use super::*;
use crate::config::auth::Addition;
use crate::config::secret::Secret;
use crate::config::{Ceilings, ConnectorConfig};

const NETWORK: &str = "[network]\nallow = [\"GET https://api.example.com/v1\"]\n[auth.api]\n";
const URLS: &str = "urls = ['https://api.example.com']\n";

fn parse(text: &str) -> Result<ConnectorConfig, String> {
    ConnectorConfig::parse(text, Path::new("shop.toml"), &Ceilings::default())
        .map_err(|error| error.to_string())
}

/// What a credential with these keys adds to a request, as text.
fn shown(keys: &str) -> String {
    let config = parse(&format!("{NETWORK}{URLS}{keys}")).expect(keys);
    let [credential] = config.credentials.as_slice() else {
        panic!("{keys}")
    };
    assert_eq!(&*credential.name, "api");
    assert!(!format!("{credential:?}").contains("hunter2"), "{keys}");
    let CredentialKind::Fixed(addition) = &credential.kind else {
        panic!("{keys}")
    };
    match addition {
        Addition::Header { name, value } => {
            assert!(value.is_sensitive(), "{keys}");
            format!("{name}: {}", value.to_str().expect("ASCII"))
        }
        Addition::Query { name, value } => format!("?{name}={}", value.expose()),
        Addition::Cookie { name, value } => format!("cookie: {name}={}", value.expose()),
    }
}

#[test]
fn each_kind_is_read() {
    let cases = [
        (
            "kind = 'api-key'\nheader = 'X-API-Key'\nvalue = 'hunter2'",
            "x-api-key: hunter2",
        ),
        (
            "kind = 'api-key'\nheader = 'authorization'\nprefix = 'Token '\nvalue = 'hunter2'",
            "authorization: Token hunter2",
        ),
        (
            "kind = 'api-key'\nquery = 'api_token'\nvalue = 'hunter2 & more'",
            "?api_token=hunter2 & more",
        ),
        (
            "kind = 'api-key'\ncookie = 'session'\nvalue = 'hunter2'",
            "cookie: session=hunter2",
        ),
        (
            "kind = 'basic'\nusername = 'Aladdin'\npassword = 'open sesame'",
            // RFC 7617, section 2.
            "authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        (
            "kind = 'basic'\nusername = 'hunter2'\npassword = ''",
            "authorization: Basic aHVudGVyMjo=",
        ),
        (
            "kind = 'bearer'\ntoken = 'hunter2'",
            "authorization: Bearer hunter2",
        ),
    ];
    for (keys, expected) in cases {
        assert_eq!(shown(keys), expected, "{keys}");
    }
}

#[test]
fn mistakes_are_named_with_the_credential_and_the_file() {
    let api = "kind = 'api-key'\n";
    let cases = [
        (
            format!("{URLS}kind = 'api-key'\nquery = 'token'"),
            "shop.toml:3: auth.api: `value` is missing: the key, such as { env = \"API_KEY\" }",
        ),
        (
            format!("{URLS}{api}value = 'hunter2'"),
            "shop.toml:3: auth.api: write exactly one of `header`, `query` and `cookie`, with the name under which the API expects the key",
        ),
        (
            format!("{URLS}{api}value = 'hunter2'\nheader = 'a'\nquery = 'b'"),
            "shop.toml:3: auth.api: write exactly one of `header`, `query` and `cookie`, with the name under which the API expects the key",
        ),
        (
            format!("{URLS}{api}value = 'hunter2'\nheader = 'Host'"),
            "shop.toml:7: auth.api.header: the host sets this header itself: write another",
        ),
        (
            format!("{URLS}{api}header = 'x-key'\nvalue = \"hunter2\\n\""),
            "shop.toml:3: auth.api: the value contains a line break or another control character, which a header can't carry",
        ),
        (
            format!("{URLS}{api}cookie = 'a'\nvalue = 'hunter2; b=c'"),
            "shop.toml:3: auth.api: `value` contains a space, a quote, a comma, a semicolon, a backslash or a non-ASCII character, which a cookie can't carry",
        ),
        (
            format!("{URLS}kind = 'basic'\nusername = 'a:b'\npassword = 'hunter2'"),
            "shop.toml:6: auth.api.username: a user name may not contain a colon, which separates it from the password (RFC 7617)",
        ),
        (
            format!("{URLS}kind = 'bearer'\ntoken = 'Bearer hunter2'"),
            "shop.toml:6: auth.api.token: write the token without `Bearer `: the host adds it",
        ),
        (
            format!("{URLS}kind = 'bearer'\ntokn = 'hunter2'\ntoken = 'hunter2'"),
            "shop.toml:6: auth.api.tokn: unknown key; did you mean `token`?",
        ),
        (
            format!("{URLS}kind = 'baerer'"),
            "shop.toml:5: auth.api.kind: no such kind \"baerer\": did you mean \"bearer\"?",
        ),
        (
            format!("{URLS}kind = 'jwt'\nalgorithm = 'RS256'\nkey = 'hunter2'"),
            "shop.toml:7: auth.api.key: this is neither a private key in PEM, which begins with \"-----BEGIN PRIVATE KEY-----\", nor a JWK",
        ),
        (
            format!("{URLS}kind = 'jwt'\nalgorithm = 'none'\nkey = 'hunter2'"),
            "shop.toml:6: auth.api.algorithm: no such algorithm \"none\": write one of RS256, RS384, RS512, PS256, ES256, ES384, EdDSA, HS256, HS384, HS512",
        ),
        (
            format!(
                "{URLS}kind = 'jwt'\nalgorithm = 'HS256'\nkey = 'hunter2'\nclaims = {{ exp = 1 }}"
            ),
            "shop.toml:8: auth.api.claims.exp: the host sets this one itself: remove it",
        ),
        (
            format!(
                "{URLS}kind = 'jwt'\nalgorithm = 'HS256'\nkey = 'hunter2'\nclaims = {{ at = 2026-01-01 }}"
            ),
            "shop.toml:8: auth.api.claims.at: expected a string, number, list or table, found a date or time",
        ),
        (
            format!("{URLS}kind = 'jwt'\nalgorithm = 'HS256'\nkey = 'hunter2'\nexpires-in = '1s'"),
            "shop.toml:8: auth.api.expires-in: write a time from \"10s\" to a year",
        ),
        (
            URLS.to_owned(),
            "shop.toml:3: auth.api: `kind` is missing: one of api-key, basic, bearer, jwt, oauth2, session",
        ),
        (
            "kind = 'bearer'\ntoken = 'hunter2'".to_owned(),
            "shop.toml:3: auth.api: `urls` is missing: a list of the URLs that the credential is for, such as [\"https://api.example.com\"]",
        ),
        (
            "urls = []\nkind = 'bearer'\ntoken = 'hunter2'".to_owned(),
            "shop.toml:4: auth.api.urls: the list is empty: write the URLs that the credential is for",
        ),
        (
            "urls = ['GET https://api.example.com']\nkind = 'bearer'\ntoken = 'hunter2'".to_owned(),
            "shop.toml:4: auth.api.urls[0]: write only a URL here, without methods",
        ),
        (
            "urls = ['https://api.example.com/v2']\nkind = 'bearer'\ntoken = 'hunter2'".to_owned(),
            "shop.toml:4: auth.api.urls[0]: no rule of `allow` under [network] permits a request there: add one, or remove this URL",
        ),
    ];
    for (keys, expected) in cases {
        let error = parse(&format!("{NETWORK}{keys}")).expect_err(&keys);
        assert_eq!(error, expected, "{keys}");
    }
    let named = parse("[auth.'a b']\nkind = 'bearer'").expect_err("a space");
    assert_eq!(
        named,
        "shop.toml:1: auth.\"a b\": a credential's name must have 1 to 63 characters: letters, digits, `.`, `_` and `-`"
    );
}

#[test]
fn invalid_rules_are_the_only_problem_reported() {
    let text = format!(
        "[network]\nallow = ['api.example.com']\n[auth.api]\n{URLS}kind = 'bearer'\ntoken = 'x'"
    );
    let error = parse(&text).expect_err("the rule");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn secrets_include_each_form_in_which_they_are_sent() {
    let cases: [(&str, &[&str]); 5] = [
        (
            "kind = 'api-key'\nheader = 'authorization'\nprefix = 'Token '\nvalue = 'hunter2'",
            &["hunter2"],
        ),
        (
            "kind = 'basic'\nusername = 'Aladdin'\npassword = 'open sesame'",
            &["open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
        ),
        (
            "kind = 'basic'\nusername = 'hunter2'\npassword = ''",
            &["hunter2", "aHVudGVyMjo="],
        ),
        ("kind = 'bearer'\ntoken = 'hunter2'", &["hunter2"]),
        (
            "kind = 'jwt'\nalgorithm = 'HS256'\nkey = 'hunter2'",
            &["hunter2"],
        ),
    ];
    for (keys, expected) in cases {
        let config = parse(&format!("{NETWORK}{URLS}{keys}")).expect(keys);
        let secrets = config.credentials[0].secrets.iter();
        let secrets: Vec<&str> = secrets.map(Secret::expose).collect();
        assert_eq!(secrets, expected, "{keys}");
    }
}
