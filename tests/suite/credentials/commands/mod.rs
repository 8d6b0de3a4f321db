//! `weld-host auth`: a login at an authorization server that checks every detail, and the status and removal of
//! tokens afterwards.

mod interruptions;
mod registered;
mod upkeep;

use crate::PROGRAM;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::process::{Ended, Process};
use weld_host_tests::upstream::Upstream;

const KEY: &str = "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=";

const TOKENS: &str = r#"{"access_token": "an-access-token", "refresh_token": "a-refresh-token", "expires_in": 3600}"#;

type Fields = BTreeMap<String, String>;

/// A folder with plugins and tokens, and commands that run there.
struct Place {
    folder: TempDir,
}

impl Place {
    /// A place with the connector `shop`, whose credential `api` a person permits at this server.
    fn new(server: &Upstream) -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(place.folder.path().join("plugins")).unwrap();
        let origin = server.origin();
        place.configure(&format!(
            "[network]\nallow = [\"{origin}\"]\n\
             [auth.api]\nurls = [\"{origin}/orders\"]\nkind = \"oauth2\"\ngrant = \"refresh-token\"\n\
             token-url = \"{origin}/token\"\nauthorize-url = \"{origin}/authorize?prompt=consent\"\n\
             client-id = \"weld\"\nscopes = [\"orders.read\", \"offline\"]\n\
             [auth.plain]\nurls = [\"{origin}/plain\"]\nkind = \"bearer\"\ntoken = \"a-plain-token\"\n"
        ));
        place
    }

    fn configure(&self, toml: &str) {
        fs::write(self.folder.path().join("plugins/shop.toml"), toml).unwrap();
    }

    fn command(&self, arguments: &[&str], key: Option<&str>) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .arg("auth")
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("WELD_TOKENS", self.folder.path().join("tokens"));
        if let Some(key) = key {
            command.env("WELD_TOKEN_KEY", key);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Process::start(&mut self.command(arguments, Some(KEY))).wait()
    }

    /// What `auth status` reports about the credential `api`.
    fn status(&self, key: Option<&str>) -> Value {
        let ended = Process::start(&mut self.command(&["status", "--json"], key)).wait();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        let all: Value = ended.stdout[0].parse().unwrap();
        all[0].clone()
    }

    /// A login that has printed its address, and that address.
    fn login(&self, more: &[&str]) -> (Process, Url) {
        let mut arguments = vec!["login", "shop", "--no-browser"];
        arguments.extend(more);
        let login = Process::start(&mut self.command(&arguments, Some(KEY)));
        let line = login.stdout().wait_for_text("/authorize?");
        (login, Url::parse(line.trim()).unwrap())
    }

    /// A login whose user has permitted the access: the browser was sent back with a code.
    fn permitted_login(&self) -> Process {
        let (login, address) = self.login(&[]);
        let asked = fields(&address);
        come_back(
            &asked["redirect_uri"],
            &[("code", "a-code"), ("state", &asked["state"])],
        );
        login
    }
}

fn fields(url: &Url) -> Fields {
    url.query_pairs().into_owned().collect()
}

/// A server that answers each request for a token with `answer`.
fn server(answer: &'static str) -> Upstream {
    Upstream::start(move |_, exchange| {
        exchange.answer(200, &[("content-type", "application/json")], answer)
    })
}

/// The fields of the last request to the server.
fn form(server: &Upstream) -> Fields {
    let requests = server.received();
    let request = requests.last().expect("it was asked");
    assert_eq!(request.target(), "/token");
    fields(&Url::parse(&format!("http://form/?{}", request.text())).unwrap())
}

/// Checks that a login ends with exit status 1 and this message.
fn assert_fails(login: Process, told: &str) {
    let ended = login.wait();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.join("\n").contains(told), "{ended:?}");
}

/// The page that a browser gets when the server sends it back with these parameters.
fn come_back(redirect: &str, parameters: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params(redirect, parameters).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", url.port().unwrap())).unwrap();
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    write!(stream, "GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn login_stores_the_token_of_the_permission() {
    let server = server(TOKENS);
    let place = Place::new(&server);
    assert_eq!(place.status(Some(KEY))["token"], "none");
    let (login, address) = place.login(&[]);
    let asked = fields(&address);
    assert_eq!(address.path(), "/authorize");
    for (name, value) in [
        ("prompt", "consent"),
        ("response_type", "code"),
        ("client_id", "weld"),
        ("scope", "orders.read offline"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked.get(name).map(String::as_str), Some(value), "{name}");
    }
    let redirect = &asked["redirect_uri"];
    assert!(redirect.starts_with("http://127.0.0.1:"), "{redirect}");
    let page = come_back(redirect, &[("code", "a-code"), ("state", &asked["state"])]);
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    let ended = login.wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");

    let form = form(&server);
    let challenge = digest(&SHA256, form["code_verifier"].as_bytes());
    assert_eq!(
        asked["code_challenge"],
        URL_SAFE_NO_PAD.encode(challenge),
        "the verifier is the challenge's"
    );
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "a-code");
    assert_eq!(&form["redirect_uri"], redirect);
    assert_eq!(form["client_id"], "weld");

    let status = place.status(Some(KEY));
    assert_eq!(status["token"], "kept", "{status}");
    assert_eq!(status["kind"], "oauth2");
    assert!(status["expires"].is_string() && status["renewed"].is_string());
    let table = place.run(&["status"]).stdout.join("\n");
    for told in ["shop", "api", "oauth2", "kept", "plain", "/token"] {
        assert!(table.contains(told), "{told} in {table}");
    }
    for secret in [
        "an-access-token",
        "a-refresh-token",
        "a-plain-token",
        "a-code",
    ] {
        let printed = format!("{table}{status}{ended:?}");
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    assert_eq!(place.status(None)["token"], "unreadable");
}

#[test]
fn answer_that_belongs_to_another_login_changes_nothing() {
    let server = server(TOKENS);
    let place = Place::new(&server);
    let (login, address) = place.login(&[]);
    let asked = fields(&address);
    let redirect = &asked["redirect_uri"];
    for parameters in [
        &[("code", "forged"), ("state", "guessed")][..],
        &[("code", "forged")],
        &[("error", "access_denied"), ("state", "guessed")],
    ] {
        let page = come_back(redirect, parameters);
        assert!(page.starts_with("HTTP/1.1 404 "), "{page}");
    }
    // A browser may open a connection and not use it.
    let port = Url::parse(redirect).unwrap().port().unwrap();
    let _idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
    come_back(redirect, &[("code", "own"), ("state", &asked["state"])]);
    let ended = login.wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(form(&server)["code"], "own");
}

#[test]
fn refusal_or_no_answer_ends_a_login_without_a_token() {
    let server = server(TOKENS);
    let place = Place::new(&server);
    let (login, address) = place.login(&[]);
    let asked = fields(&address);
    let parameters = [
        ("error", "access_denied"),
        ("error_description", "Not today"),
        ("state", &asked["state"]),
    ];
    come_back(&asked["redirect_uri"], &parameters);
    assert_fails(login, "access_denied, \"Not today\"");

    let (login, _) = place.login(&["--timeout", "50ms"]);
    assert_fails(login, "nobody granted access");
    assert!(server.received().is_empty());
    assert_eq!(place.status(Some(KEY))["token"], "none");
}

#[test]
fn server_that_gives_no_refresh_token_is_reported() {
    let server = server(r#"{"access_token": "an-access-token", "expires_in": 3600}"#);
    let place = Place::new(&server);
    assert_fails(place.permitted_login(), "returned no `refresh_token`");
}

#[test]
fn token_is_requested_under_the_connectors_network_rules() {
    let server = server(TOKENS);
    let place = Place::new(&server);
    let path = place.folder.path().join("plugins/shop.toml");
    let toml = fs::read_to_string(path).unwrap();
    // A name that resolves to this machine, which no rule permits.
    place.configure(&toml.replace("127.0.0.1:", "localhost:"));
    assert_fails(place.permitted_login(), "allow-networks");
    assert!(server.received().is_empty());
}

#[test]
fn impossible_login_is_reported_before_any_request() {
    let server = server(TOKENS);
    let place = Place::new(&server);
    let login = ["login", "shop", "--no-browser"];
    let without_key = Process::start(&mut place.command(&login, None)).wait();
    let cases = [
        (without_key, "weld-host auth key"),
        (
            place.run(&["login", "shop", "--no-browser", "--credential", "plain"]),
            "[auth.plain] in shop.toml has no login",
        ),
        (
            place.run(&["login", "shop", "--no-browser", "--credential", "other"]),
            "no credential `other`",
        ),
        (
            place.run(&["login", "wines", "--no-browser"]),
            "there is no ./plugins/wines.toml",
        ),
    ];
    for (ended, expected) in cases {
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        let told = ended.stderr.join("\n");
        assert!(told.contains(expected), "{expected} in {told}");
        assert!(ended.stdout.is_empty(), "{ended:?}");
    }
}
