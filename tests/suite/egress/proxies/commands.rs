//! The commands without flags for proxies: they read the environment.

use super::proxy::{AUTHORITY, Proxy, encrypted_api};
use super::{AUTHORIZATION, assert_hidden};
use crate::operating::Place;
use crate::{PROGRAM, cache_folder, guests};
use serde_json::json;
use std::fs;
use std::process::Command;
use weld_host_tests::desk::Desk;
use weld_host_tests::process::Process;
use weld_host_tests::upstream::Upstream;

const CONFIG: &str = "[network]\nallow = [\"http://*.example.com\", \"https://*.example.com\"]\n\
                      roots = \"authority.pem\"\n[rate-limit]\nretries = 0\n";

#[test]
fn sync_uses_the_proxies_of_the_environment() {
    let (plain, secure) = (Upstream::answering("[]"), encrypted_api());
    let (plain_proxy, secure_proxy) = (Proxy::to(plain.address()), Proxy::to(secure));
    let desk = Desk::new(PROGRAM, &cache_folder());
    fs::copy(guests::FETCHES, desk.path("guest.wasm")).expect("a component");
    fs::write(desk.path("guest.toml"), CONFIG).expect("a file");
    fs::write(desk.path("authority.pem"), AUTHORITY).expect("a file");
    desk.good(&["guest.wasm", "--to", "rows/", "--quiet"]);
    for (url, expected) in [
        (
            "http://api.example.com/beers",
            "GET http://api.example.com/beers HTTP/1.1",
        ),
        (
            "https://api.example.com/beers",
            "CONNECT api.example.com:443 HTTP/1.1",
        ),
    ] {
        let state = json!({ "url": url }).to_string();
        desk.good(&["state", "set", "rows/", "rows", &state]);
        let mut command = desk.command(&["guest.wasm", "--to", "rows/"]);
        command
            .env("http_proxy", plain_proxy.url_with_password())
            .env("HTTPS_PROXY", secure_proxy.url_with_password())
            .env("WELD_PROXY_RESOLVES", "true");
        let ended = Process::start(&mut command).wait();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert_hidden(&ended.stderr.join("\n"));
        let rows = fs::read_to_string(desk.path("rows/rows.jsonl")).expect("rows");
        let last = rows.lines().last().expect("a row");
        assert!(last.contains("\"status\":200"), "{last}");
        let lines = [plain_proxy.lines(), secure_proxy.lines()].concat();
        assert_eq!(lines.last().map(String::as_str), Some(expected));
    }
    let mut command = desk.command(&["guest.wasm", "--to", "rows/"]);
    command.env("http_proxy", "socks5://weld:hunter2@proxy:1");
    let ended = Process::start(&mut command).wait();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let said = ended.stderr.join("\n");
    assert!(
        said.contains("http_proxy") && said.contains("SOCKS"),
        "{said}"
    );
    assert_hidden(&said);
}

#[test]
fn credential_is_tried_through_the_proxy() {
    let api = Upstream::answering("{\"access_token\": \"a-long-token\", \"expires_in\": 3600}");
    let proxy = Proxy::to(api.address());
    let place = Place::with("");
    let credential = "[network]\nallow = [\"http://*.example.com\"]\n\
                      [auth.api]\nurls = [\"http://api.example.com\"]\nkind = \"oauth2\"\n\
                      grant = \"client-credentials\"\ntoken-url = \"http://login.example.com/token\"\n\
                      client-id = \"weld\"\nclient-secret = \"a-client-secret\"\n";
    place.connector("shop.toml", credential);
    let tokens = place.path("tokens").display().to_string();
    let url = proxy.url_with_password();
    let variables = [
        ("WELD_TOKENS", tokens.as_str()),
        ("WELD_HTTP_PROXY", url.as_str()),
        ("WELD_PROXY_RESOLVES", "true"),
    ];
    let test = ["auth", "test", "shop", "http://api.example.com/orders"];
    let ended = place.run(&test, &variables);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(
        proxy.lines(),
        [
            "POST http://login.example.com/token HTTP/1.1",
            "GET http://api.example.com/orders HTTP/1.1"
        ]
    );
    for request in api.received() {
        assert_eq!(request.header("proxy-authorization"), Some(AUTHORIZATION));
    }
    let refusing = Proxy::answering("HTTP/1.1 407 Who\r\ncontent-length: 0\r\n\r\n");
    let variables = [variables[0], ("http_proxy", &refusing.url()), variables[2]];
    let ended = place.run(&test, &variables);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let said = ended.stderr.join("\n");
    let expected = format!("failed at the proxy {}: the proxy requires", refusing.url());
    assert!(said.contains(&expected), "{said}");
}

#[test]
fn native_connector_sends_through_the_proxy() {
    let api = Upstream::answering("[]");
    let proxy = Proxy::to(api.address());
    let place = Place::with("");
    let app = "from weld_connector import *\n\
               class Shop(Connector):\n\
               \x20   def schema(self):\n\
               \x20       return [Table('rows', primary_key='id')]\n\
               \x20   def fetch_page(self, table, state):\n\
               \x20       got = requests.get('http://api.example.com/')\n\
               \x20       return Page([{'id': got.status_code}], state={})\n\
               Source = export(Shop)\n";
    fs::create_dir(place.path("shop")).unwrap();
    fs::write(place.path("shop/app.py"), app).unwrap();
    fs::write(
        place.path("shop/shop.toml"),
        "[network]\nallow = [\"http://api.example.com\"]\n",
    )
    .unwrap();
    let kit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../kit/python/src");
    let mut command = Command::new(PROGRAM);
    command
        .args(["run", "shop", "--to", "-", "--quiet"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("a search path"))
        .env("PYTHONPATH", kit)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("HTTP_PROXY", proxy.url())
        .env("WELD_PROXY_RESOLVES", "true")
        .current_dir(place.path(""));
    let ended = Process::start(&mut command).wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(proxy.lines(), ["GET http://api.example.com/ HTTP/1.1"]);
}
