//! The keys of a credential of the kind `oauth2`, in whole files.

mod fingerprint;

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::config::auth::CredentialKind;
use crate::config::{Ceilings, ConnectorConfig};

const NETWORK: &str = "[network]\nallow = ['GET https://api.example.com', 'https://login.example.com']\n[auth.api]\nurls = ['https://api.example.com']\nkind = 'oauth2'\n";
const URL: &str = "token-url = 'https://login.example.com/token'\n";
const RSA: &str = include_str!("../../signing_key/fixtures/rsa8.pem");

fn parse(keys: &str) -> Result<ConnectorConfig, String> {
    let path = Path::new("shop.toml");
    ConnectorConfig::parse(&format!("{NETWORK}{keys}"), path, &Ceilings::default())
        .map_err(|error| error.to_string())
}

fn read(keys: &str) -> Arc<Oauth2Config> {
    let config = parse(keys).unwrap_or_else(|error| panic!("{keys}: {error}"));
    match &config.credentials[0].kind {
        CredentialKind::Oauth2(config) => config.clone(),
        CredentialKind::Fixed(_) | CredentialKind::Jwt(_) => panic!("another kind"),
    }
}

fn secrets(keys: &str) -> Vec<String> {
    let config = parse(keys).unwrap_or_else(|error| panic!("{keys}: {error}"));
    let secrets = config.credentials[0].secrets.iter();
    secrets.map(|secret| secret.expose().to_owned()).collect()
}

/// A key file, as a literal string.
fn key_file(token_url: &str) -> String {
    let account = serde_json::json!({
        "client_email": "weld@example.com",
        "private_key": RSA,
        "private_key_id": "a1",
        "token_uri": token_url,
    });
    format!("grant = 'jwt-bearer'\nkey-file = '{account}'\n")
}

#[test]
fn clients_prove_themselves_as_configured() {
    for (keys, expected) in [
        ("grant = 'client-credentials'\nclient-secret = 's'", "basic"),
        (
            "grant = 'client-credentials'\nclient-secret = 's'\nclient-auth = 'body'",
            "body",
        ),
        (
            "grant = 'client-credentials'\nclient-secret = 's'\nclient-auth = 'basic-raw'",
            "basic-raw",
        ),
        (
            "grant = 'client-credentials'\nclient-auth = 'none'",
            "public",
        ),
        (
            "grant = 'client-credentials'\nclient-auth = 'private-key-jwt'\nalgorithm = 'HS256'\nkey = 'k'",
            "jwt",
        ),
        ("grant = 'refresh-token'\nrefresh-token = 'r'", "public"),
        (
            "grant = 'refresh-token'\nrefresh-token = 'r'\nclient-secret = 's'",
            "basic",
        ),
        (
            "grant = 'password'\nusername = 'u'\npassword = ''",
            "public",
        ),
        (
            "grant = 'jwt-bearer'\nalgorithm = 'HS256'\nkey = 'k'",
            "public",
        ),
        (
            "grant = 'jwt-bearer'\nalgorithm = 'HS256'\nkey = 'k'\nclient-auth = 'private-key-jwt'",
            "jwt",
        ),
    ] {
        let config = read(&format!("{URL}client-id = 'weld'\n{keys}"));
        let client = config.client.as_ref().expect(keys);
        let auth = match &client.auth {
            ClientAuth::Public => "public",
            ClientAuth::Basic(_) => "basic",
            ClientAuth::BasicRaw(_) => "basic-raw",
            ClientAuth::Body(_) => "body",
            ClientAuth::PrivateKeyJwt(_) => "jwt",
        };
        assert_eq!((&*client.id, auth), ("weld", expected), "{keys}");
    }
    let signed = format!("{URL}grant = 'jwt-bearer'\nalgorithm = 'HS256'\nkey = 'k'");
    assert!(
        read(&signed).client.is_none(),
        "the grant identifies the host"
    );
}

#[test]
fn a_refresh_token_may_come_from_a_later_login() {
    let keys = "grant = 'refresh-token'\nclient-id = 'weld'\nauthorize-url = 'https://login.example.com/authorize'\n";
    let config = read(&format!("{URL}{keys}"));
    assert!(matches!(config.grant, Grant::RefreshToken(None)));
    assert!(config.login.is_some());
    let config = read(&format!("{URL}{keys}refresh-token = 'r'"));
    assert!(matches!(config.grant, Grant::RefreshToken(Some(_))));
}

#[test]
fn scopes_are_left_out_of_renewals_after_a_login() {
    let keys = "grant = 'refresh-token'\nclient-id = 'weld'\nscopes = ['a', 'b']\n";
    let seed = "refresh-token = 'r'\n";
    let login = "authorize-url = 'https://login.example.com/authorize'\n";
    for (more, expected) in [
        (seed.to_owned(), true),
        (login.to_owned(), false),
        (format!("{login}scopes-in-renewals = true"), true),
        (format!("{seed}scopes-in-renewals = false"), false),
    ] {
        let config = read(&format!("{URL}{keys}{more}"));
        assert_eq!(config.renews_with_scopes(), expected, "{more}");
    }
    let config = read(&format!("{URL}{keys}{seed}scope-separator = ','"));
    assert_eq!(config.scope().as_deref(), Some("a,b"));
}

#[test]
fn a_get_sends_its_parameters_in_the_query_and_needs_a_rule_for_it() {
    let keys =
        "grant = 'client-credentials'\nclient-id = 'weld'\nclient-secret = 's'\nmethod = 'GET'\n";
    let config = read(&format!("{URL}{keys}"));
    assert_eq!(config.shape.body, ParameterPlace::Query);
    let config = read(&format!(
        "token-url = 'https://api.example.com/token'\n{keys}"
    ));
    assert_eq!(config.shape.method, "GET");
}

#[test]
fn a_key_file_fills_in_values_that_the_file_omits() {
    let more = "subject = 'ada'\nscopes = ['a', 'b']\nclaims = { iss = 'own' }";
    let config = read(&format!(
        "{}{more}",
        key_file("https://login.example.com/t")
    ));
    assert_eq!(config.token_url.as_str(), "https://login.example.com/t");
    assert!(config.scopes.is_empty() && config.client.is_none());
    let Grant::JwtBearer(assertion) = &config.grant else {
        panic!("another grant")
    };
    assert_eq!(
        serde_json::json!([assertion.0.claims, assertion.0.headers]),
        serde_json::json!([
            { "aud": "https://login.example.com/t", "iss": "own", "scope": "a b", "sub": "ada" },
            { "kid": "a1" },
        ])
    );
    let other = read(&format!(
        "{}{URL}",
        key_file("https://elsewhere.example.com/")
    ));
    assert_eq!(other.token_url.as_str(), "https://login.example.com/token");
}

#[test]
fn credentials_of_a_token_request_are_secrets() {
    let client = "grant = 'refresh-token'\nclient-id = 'weld'\nclient-secret = 'hunter2'\nrefresh-token = 'hunter3'";
    assert_eq!(secrets(&format!("{URL}{client}")), ["hunter2", "hunter3"]);
    let password = "grant = 'password'\nclient-id = 'weld'\nusername = 'ada'\npassword = 'hunter2'\nextra = { tenant = 'x', more = { file = '/proc/self/comm' } }";
    let found = secrets(&format!("{URL}{password}"));
    assert_eq!((found.len(), &*found[0]), (2, "hunter2"), "{found:?}");
    assert_eq!(secrets(&key_file("https://login.example.com")), [RSA]);
    let signed = "grant = 'jwt-bearer'\nalgorithm = 'HS256'\nkey = 'hunter2'";
    assert_eq!(secrets(&format!("{URL}{signed}")), ["hunter2"]);
    let config = read(&format!("{URL}{client}"));
    assert!(!format!("{config:?}").contains("hunter"), "{config:?}");
}

#[test]
fn a_fingerprint_changes_with_values_but_not_with_their_order() {
    let base = format!(
        "{URL}grant = 'jwt-bearer'\nclient-id = 'weld'\nclient-secret = 's'\nalgorithm = 'HS256'\nkey = 'k'\n"
    );
    let of = |keys: &str| read(keys).fingerprint;
    let same = of(&base);
    let lines: Vec<&str> = base.lines().rev().collect();
    assert_eq!(of(&lines.join("\n")), same);
    for more in [
        "scopes = ['a']",
        "audience = 'a'",
        "extra = { a = 'b' }",
        "claims = { a = 1 }",
        "headers = { a = 1 }",
        "expires-in = '1m'",
        "header = 'x-token'",
        "prefix = 'Token '",
        "client-auth = 'body'",
        "body = 'json'",
        "method = 'PUT'",
        "request-headers = { a = 'b' }",
        "scope-separator = ','",
        "token-path = 'a'",
        "refresh-token-path = 'a'",
        "expires-in-path = 'a'",
        "expires-in-unit = 'minutes'",
        "token-types = ['a']",
    ] {
        assert_ne!(of(&format!("{base}{more}")), same, "{more}");
    }
    for (from, to) in [
        ("'s'", "'t'"),
        ("'k'", "'l'"),
        ("'weld'", "'wold'"),
        ("HS256", "HS384"),
        ("/token", "/tokens"),
    ] {
        assert_ne!(of(&base.replace(from, to)), same, "{to}");
    }
    let two = of(&format!("{base}scopes = ['a', 'b']"));
    assert_ne!(two, of(&format!("{base}scopes = ['ab']")));
}

#[test]
fn mistakes_are_named_with_the_credential_and_the_file() {
    let client = "client-id = 'weld'\nclient-secret = 'hunter2'\n";
    let asks = format!("{URL}grant = 'client-credentials'\n");
    let at = |line: u32, rest: &str| format!("shop.toml:{line}: auth.api{rest}");
    for (keys, expected) in [
        (
            format!("{URL}{client}scopes = ['a']"),
            at(3, ": `grant` is missing: one of client-credentials, refresh-token, password, jwt-bearer"),
        ),
        (
            format!("{URL}grant = 'implicit'\n{client}"),
            at(7, ".grant: no such grant \"implicit\": write one of client-credentials, refresh-token, password, jwt-bearer"),
        ),
        (
            format!("grant = 'client-credentials'\n{client}"),
            at(3, ": `token-url` is missing: the URL of the token endpoint, such as \"https://login.example.com/token\""),
        ),
        (
            format!("grant = 'client-credentials'\n{client}token-url = 'login.example.com'"),
            at(9, ".token-url: write a complete URL such as \"https://login.example.com/token\""),
        ),
        (
            format!("grant = 'client-credentials'\n{client}token-url = 'https://a:hunter2@login.example.com'"),
            at(9, ".token-url: the URL contains a user name or password: write `client-id` and `client-secret` instead"),
        ),
        (
            format!("grant = 'client-credentials'\n{client}token-url = 'https://api.example.com/token'"),
            at(9, ".token-url: no rule of `allow` under [network] permits a POST there: add \"POST https://api.example.com\""),
        ),
        (
            format!("grant = 'client-credentials'\n{client}token-url = 'https://elsewhere.example.com/hunter2'"),
            at(9, ".token-url: no rule of `allow` under [network] permits a POST there: add \"https://elsewhere.example.com\""),
        ),
        (
            key_file("https://elsewhere.example.com/token"),
            at(3, ": `token_uri` of `key-file`: no rule of `allow` under [network] permits a POST there: add \"https://elsewhere.example.com\""),
        ),
        (
            "grant = 'jwt-bearer'\nkey-file = '{\"private_key\": \"hunter2\"}'".to_owned(),
            at(7, ".key-file: this is not the key of a service account: write a JSON object with `client_email` and `private_key`"),
        ),
        (
            "grant = 'jwt-bearer'\nkey-file = '{\"client_email\": \"a\", \"private_key\": \"hunter2\"}'".to_owned(),
            at(7, ".key-file: `private_key`: this is neither a private key in PEM, which begins with \"-----BEGIN PRIVATE KEY-----\", nor a JWK"),
        ),
        (
            format!("{asks}client-secret = 'hunter2'"),
            at(3, ": `client-id` is missing: the id under which the host is registered"),
        ),
        (
            format!("{asks}client-id = 'weld'"),
            at(3, ": `client-secret` is missing: the client's secret, such as { env = \"CLIENT_SECRET\" }"),
        ),
        (
            format!("{asks}{client}client-auth = 'digest'"),
            at(10, ".client-auth: no such method \"digest\": write one of basic, basic-raw, body, private-key-jwt, none"),
        ),
        (
            format!("{asks}client-id = 'weld'\nclient-auth = 'private-key-jwt'"),
            at(3, ": `algorithm` is missing: an algorithm such as \"RS256\"")
                + "\n"
                + &at(3, ": `key` is missing: the key, such as { file = \"key.pem\" }"),
        ),
        (
            format!("{asks}{client}scopes = ['a b']"),
            at(10, ".scopes[0]: a scope may contain only visible ASCII characters other than quotes and backslashes: write one scope per item"),
        ),
        (
            format!("{asks}{client}extra = {{ grant_type = 'hunter2' }}"),
            at(10, ".extra.grant_type: the host sets this one itself: remove it"),
        ),
        (
            format!("{asks}{client}extra = {{ a = 1 }}"),
            at(10, ".extra.a: expected a string, found an integer"),
        ),
        (
            format!("{asks}{client}subject = 'hunter2'"),
            at(10, ".subject: this key has no meaning here: it belongs to grant = \"jwt-bearer\""),
        ),
        (
            format!("{URL}grant = 'refresh-token'\n{client}"),
            at(3, ": `refresh-token` is missing: the token that the host exchanges for access tokens, such as { env = \"REFRESH_TOKEN\" }"),
        ),
        (
            format!("{URL}grant = 'password'\n{client}password = 'hunter2'"),
            at(3, ": `username` is missing: the user's name"),
        ),
        (
            format!("{asks}client-id = 'weld'\nclient-secret = 'hunter2'\nclient-auth = 'none'"),
            at(3, ": `client-auth` is \"none\", so `client-secret` would not be sent: remove one of the two"),
        ),
        (
            format!("{asks}{client}body = 'xml'"),
            at(10, ".body: no such place for parameters \"xml\": write one of form, json, query"),
        ),
        (
            format!("{asks}{client}method = 'GET'\nbody = 'form'"),
            at(3, ": servers ignore the body of a GET: write `body = \"query\"`, or another `method`"),
        ),
        (
            format!("{asks}{client}headers = {{ Host = 'a' }}"),
            at(10, ".headers.Host: the host sets this header itself: write another"),
        ),
        (
            format!("{asks}{client}token-path = 'data..token'"),
            at(10, ".token-path: write the names that lead to the field with dots between them, such as \"data.access_token\""),
        ),
        (
            format!("{asks}{client}expires-in-unit = 'days'"),
            at(10, ".expires-in-unit: no such unit \"days\": write one of seconds, milliseconds, minutes, hours, unix-seconds, unix-milliseconds"),
        ),
        (
            format!("{asks}{client}token-types = ['DPoP']"),
            at(10, ".token-types[0]: a token of this type needs a proof with each request, which the host can't provide"),
        ),
        (
            format!("{URL}grant = 'refresh-token'\n{client}refresh-token = 'r'\nrefresh-url = 'https://api.example.com/refresh'"),
            at(11, ".refresh-url: no rule of `allow` under [network] permits a POST there: add \"POST https://api.example.com\""),
        ),
        (
            format!("{asks}{client}variables = {{ API = 'data.refresh_token' }}"),
            at(10, ".variables.API: the connector may not have the token or a value that renews it: choose another field"),
        ),
        (
            format!("{asks}{client}token-path = 'data.value'\nvariables = {{ API = 'data' }}"),
            at(11, ".variables.API: the connector may not have the token or a value that renews it: choose another field"),
        ),
        (
            "grant = 'jwt-bearer'\nkey-file = 'keys/hunter2.json'".to_owned(),
            at(7, ".key-file: this is not the key of a service account: write a JSON object with `client_email` and `private_key`; to name a file, write `{ file = \"…\" }`"),
        ),
        (
            format!("{URL}grant = 'jwt-bearer'\nalgorithm = 'HS256'\nkey = 'hunter2'\nbackdate = '151s'"),
            at(10, ".backdate: write at most half of `expires-in`, which is 5m"),
        ),
        (
            format!("{asks}{client}header = 'Host'"),
            at(10, ".header: the host sets this header itself: write another"),
        ),
        (
            format!("{URL}grant = 'jwt-bearer'\nalgorithm = 'HS256'\nkey = 'hunter2'\nclaims = {{ exp = 1 }}"),
            at(10, ".claims.exp: the host sets this one itself: remove it"),
        ),
    ] {
        let error = parse(&keys).expect_err(&keys);
        let lines: Vec<&str> = error.lines().collect();
        let wanted: Vec<&str> = expected.lines().collect();
        assert_eq!(lines, wanted, "{keys}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
