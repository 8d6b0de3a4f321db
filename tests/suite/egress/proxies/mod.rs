//! Requests to APIs through a proxy.

mod commands;
mod faults;
mod proxy;
mod real;
mod settings;

use crate::{guests, host};
pub(crate) use proxy::{AUTHORITY, Proxy, encrypted_api};
use serde_json::{Value, json};
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::upstream::Upstream;

/// The value of `Proxy-Authorization` for [`Proxy::url_with_password`].
const AUTHORIZATION: &str = "Basic d2VsZDpodW50ZXIy";

/// A host whose connectors `fetch` and `wasi` may call names below `example.com` and a public address.
fn connectors(more: &str) -> HostBuilder {
    counting(more, 0)
}

/// The same, where this many failures put an API out of service.
fn counting(more: &str, failures: u32) -> HostBuilder {
    let config = format!(
        "[network]\nallow = [\"http://*.example.com\", \"https://*.example.com\", \"http://192.0.2.7\"]\n\
         allow-networks = [\"192.0.2.0/24\"]\nroots = \"authority.pem\"\n{more}\n\
         [rate-limit]\nretries = 0\nfailures = {failures}\n"
    );
    host()
        .file("authority.pem", AUTHORITY)
        .plugin("fetch", guests::FETCHES)
        .config("fetch", &config)
        .plugin("wasi", guests::FETCHES_WASI)
        .config("wasi", &config)
}

/// The same host behind this proxy, which resolves names.
fn behind(proxy: &str) -> HostBuilder {
    connectors("")
        .flag("--http-proxy", proxy)
        .flag("--https-proxy", proxy)
        .switch("--proxy-resolves")
}

fn fetched(host: &Host, connector: &str, url: &str) -> Value {
    host.weld(connector)
        .good_row("rows", &json!({ "url": url }))
}

fn assert_hidden(text: &str) {
    for secret in ["hunter2", "d2VsZDpodW50ZXIy"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn http_is_sent_to_the_proxy_with_its_whole_url() {
    let api = Upstream::answering("[]");
    let proxy = Proxy::to(api.address());
    let host = behind(&proxy.url_with_password())
        .flag("--log", "debug")
        .start();
    for connector in ["fetch", "wasi"] {
        let row = fetched(&host, connector, "http://api.example.com/beers?page=2");
        assert_eq!(row["status"], 200, "{row}");
        assert_hidden(&row.to_string());
    }
    let received = api.received();
    assert_eq!(received.len(), 2);
    for request in received {
        assert_eq!(request.target(), "http://api.example.com/beers?page=2");
        assert_eq!(request.header("host"), Some("api.example.com"));
        assert_eq!(request.header("proxy-authorization"), Some(AUTHORIZATION));
    }
    let line = host.log().wait_for_text("path=\"/beers\"");
    let expected = format!("proxy=\"{}\"", proxy.url());
    assert!(line.contains(&expected), "{line}");
    assert_hidden(&host.log().so_far().join("\n"));
}

/// A proxy may pass `Proxy-Authorization` on (RFC 9110, section 11.7.2), and an API may repeat its request and log what
/// it decodes.
#[test]
fn password_that_an_api_repeats_is_hidden_from_the_connector() {
    const PASSWORD: &str = "hunter2@of-weld";
    const ENCODED: &str = "d2VsZDpodW50ZXIyQG9mLXdlbGQ=";
    let api = Upstream::start(|request, exchange| {
        let sent = request.header("proxy-authorization").unwrap_or_default();
        let body = format!("{{\"sent\": \"{sent}\", \"password\": \"{PASSWORD}\"}}");
        exchange.answer(200, &[("x-sent", sent)], body);
    });
    let proxy = Proxy::to(api.address());
    let url = proxy
        .url()
        .replace("http://", "http://weld:hunter2%40of-weld@");
    let by_name = connectors("").switch("--proxy-resolves");
    for (builder, target) in [
        (by_name, "http://api.example.com/"),
        (connectors(""), "http://192.0.2.7/"),
    ] {
        let host = builder
            .flag("--http-proxy", &url)
            .flag("--log", "debug")
            .start();
        for connector in ["fetch", "wasi"] {
            let row = fetched(&host, connector, target);
            assert_eq!(
                row["body"],
                "{\"sent\": \"Basic [secret proxy]\", \"password\": \"[secret proxy]\"}",
                "{connector}: {row}"
            );
            let text = row.to_string();
            assert!(
                text.contains("[\"x-sent\",\"Basic [secret proxy]\"]"),
                "{text}"
            );
            assert!(!text.contains(ENCODED), "{text}");
        }
        for line in host.log().so_far() {
            assert!(
                !line.contains(PASSWORD) && !line.contains(ENCODED),
                "{line}"
            );
        }
    }
    let expected = format!("Basic {ENCODED}");
    for request in api.received() {
        assert_eq!(request.header("proxy-authorization"), Some(&*expected));
    }
}

#[test]
fn https_passes_the_proxy_unread() {
    let proxy = Proxy::to(encrypted_api());
    let host = behind(&proxy.url_with_password()).start();
    for connector in ["fetch", "wasi"] {
        let row = fetched(&host, connector, "https://api.example.com/beers");
        assert_eq!(row["status"], 200, "{row}");
    }
    let expected = format!(
        "CONNECT api.example.com:443 HTTP/1.1\r\nhost: api.example.com:443\r\n\
         proxy-authorization: {AUTHORIZATION}\r\n\r\n"
    );
    assert_eq!(proxy.heads(), [expected.clone(), expected]);
    assert_hidden(&host.log().so_far().join("\n"));
}

#[test]
fn address_in_a_url_needs_nobody_who_resolves_it() {
    let api = Upstream::answering("[]");
    let proxy = Proxy::to(api.address());
    let host = connectors("").flag("--http-proxy", &proxy.url()).start();
    let row = fetched(&host, "fetch", "http://192.0.2.7/beers");
    assert_eq!(row["status"], 200, "{row}");
    assert_eq!(proxy.lines(), ["GET http://192.0.2.7/beers HTTP/1.1"]);
    // No resolver knows names below `invalid` (RFC 6761).
    let config = "[network]\nallow = [\"http://api.invalid\"]\n[rate-limit]\nretries = 0";
    std::fs::write(host.plugins().join("fetch.toml"), config).unwrap();
    host.log().wait_for_text("connector reloaded");
    let row = fetched(&host, "fetch", "http://api.invalid/");
    let detail = row["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("--proxy-resolves"), "{row}");
    assert_eq!(proxy.lines().len(), 1);
}

#[test]
fn this_machine_and_exempt_hosts_are_reached_directly() {
    let api = Upstream::answering("[]");
    let proxy = Proxy::to(api.address());
    let origin = api.origin();
    let config = format!("[network]\nallow = [\"{origin}\"]\n");
    let builder = behind(&proxy.url()).config("fetch", &config);
    let row = fetched(&builder.start(), "fetch", &api.url("/"));
    assert_eq!(row["status"], 200, "{row}");
    assert_eq!(proxy.lines(), Vec::<String>::new());
    let host = behind(&proxy.url())
        .flag("--no-proxy", "direct.example.com")
        .start();
    for (name, requests) in [("direct", 0), ("below.direct", 0), ("api", 1)] {
        let url = format!("http://{name}.example.com/");
        let state = json!({ "url": url, "timeout": 20_000 });
        host.weld("fetch").good_row("rows", &state);
        assert_eq!(proxy.lines().len(), requests, "{name}");
    }
}

#[test]
fn tokens_are_requested_through_the_proxy() {
    let api = Upstream::start(|request, exchange| match request.target() {
        "http://login.example.com/token" => exchange.answer(
            200,
            &[("content-type", "application/json")],
            "{\"access_token\": \"a-long-token\", \"expires_in\": 3600}",
        ),
        _ => exchange.answer(200, &[], "{}"),
    });
    let proxy = Proxy::to(api.address());
    let credential = "[auth.api]\nurls = [\"http://api.example.com\"]\nkind = \"oauth2\"\n\
                      grant = \"client-credentials\"\ntoken-url = \"http://login.example.com/token\"\n\
                      client-id = \"weld\"\nclient-secret = \"a-client-secret\"\n";
    let host = connectors(credential)
        .flag("--http-proxy", &proxy.url())
        .switch("--proxy-resolves")
        .start();
    let row = fetched(&host, "fetch", "http://api.example.com/beers");
    assert_eq!(row["status"], 200, "{row}");
    assert_eq!(
        proxy.lines(),
        [
            "POST http://login.example.com/token HTTP/1.1",
            "GET http://api.example.com/beers HTTP/1.1"
        ]
    );
    let last = api.received().pop().unwrap();
    assert_eq!(last.header("authorization"), Some("Bearer a-long-token"));
}
