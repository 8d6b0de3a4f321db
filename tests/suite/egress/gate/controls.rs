//! Requests that must pass the gate, so that the refusals in the other tests prove something.

use super::CONFIGS;
use super::attempt::ip;
use super::canary::REDIRECT;
use super::world::{IMPORTS, PUBLIC, World};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// A GET of this URL.
pub(super) fn get(url: &str) -> Value {
    json!({ "url": url })
}

/// Runs `ask` with both imports, each from a fresh start.
pub(super) fn by_both(world: &World, mut ask: impl FnMut(&str)) {
    for (import, _) in IMPORTS {
        world.forget();
        ask(import);
    }
}

/// These addresses with a port.
pub(super) fn sockets(addresses: &[&str], port: u16) -> Vec<SocketAddr> {
    addresses
        .iter()
        .map(|address| SocketAddr::new(ip(address), port))
        .collect()
}

#[test]
fn requests_that_a_rule_allows_arrive() {
    let world = World::start(CONFIGS);
    for (url, port, host, line) in [
        ("http://x.example.com/", 80, "x.example.com", "GET /"),
        (
            "http://x.y.EXAMPLE.com:80/a?b=c",
            80,
            "x.y.example.com",
            "GET /a?b=c",
        ),
        ("http://api.example.net", 80, "api.example.net", "GET /"),
        ("HTTP://api.example.net/", 80, "api.example.net", "GET /"),
        (
            "http://api.example.net/@evil.net/",
            80,
            "api.example.net",
            "GET /@evil.net/",
        ),
        (
            "http://api.example.net/?http://evil.net\\",
            80,
            "api.example.net",
            "GET /?http://evil.net\\",
        ),
        (
            "http://ports.example.net:8080/",
            8080,
            "ports.example.net:8080",
            "GET /",
        ),
        (
            "http://paths.example.net/v1",
            80,
            "paths.example.net",
            "GET /v1",
        ),
        (
            "http://paths.example.net/v2/../v1/a%2Fb",
            80,
            "paths.example.net",
            "GET /v1/a%2Fb",
        ),
    ] {
        by_both(&world, |import| {
            let row = world.ask("rules", import, &get(url));
            assert_eq!(row["body"], "chirp", "{url} by {import}: {row}");
            let received = world.canary.received();
            let arrived: Vec<(&str, &str)> = received
                .iter()
                .map(|request| (request.host(), request.line.as_str()))
                .collect();
            assert_eq!(arrived, [(host, line)], "{url} by {import}");
            let dialed = world.network.dialed();
            let expected = SocketAddr::new(PUBLIC, port);
            assert!(
                dialed.iter().all(|address| *address == expected),
                "{url} by {import}: {dialed:?}"
            );
        });
    }
}

#[test]
fn odd_urls_reach_the_host_that_the_url_standard_defines() {
    let world = World::start(CONFIGS);
    for url in [
        "http://ａｐｉ。example．net/close",
        "http://%61pi.example.net/close",
        "http://api.example.net/close#@evil.net/",
        "http://api.example.net/close?@evil.net/",
    ] {
        world.forget();
        let row = world.ask("rules", "fetch", &get(url));
        assert_eq!(row["body"], "chirp", "{url}: {row}");
        assert_eq!(
            world.canary.received()[0].host(),
            "api.example.net",
            "{url}"
        );
        assert_eq!(world.network.looked_up(), ["api.example.net"], "{url}");
    }
}

#[test]
fn allowed_networks_open_their_addresses() {
    let world = World::start(CONFIGS);
    for (config, address) in [
        ("networks", "10.255.0.1"),
        ("networks", "169.254.1.1"),
        ("networks", "fd12:3456::1"),
        ("networks", "::ffff:10.1.1.1"),
        ("networks", "64:ff9b::10.1.1.1"),
        ("metadata", "169.254.169.254"),
    ] {
        by_both(&world, |import| {
            // Another name each time, since connections to the same name are reused.
            let name = format!("{import}.{}.example.com", address.replace([':', '.'], "-"));
            world.network.answer(&name, &[vec![ip(address)]]);
            let row = world.ask(config, import, &get(&format!("http://{name}/")));
            assert_eq!(row["body"], "chirp", "{address} by {import}: {row}");
            assert_eq!(world.network.dialed(), sockets(&[address], 80));
        });
    }
}

#[test]
fn address_in_a_rule_is_opened_by_it() {
    let world = World::start(CONFIGS);
    for (url, address, port) in [
        ("http://10.1.2.3/", "10.1.2.3", 80),
        ("http://0xa.0x1.0x203/close", "10.1.2.3", 80),
        ("http://[fd00:0::0:1]:8080/", "fd00::1", 8080),
        ("http://169.254.169.254/", "169.254.169.254", 80),
    ] {
        by_both(&world, |import| {
            let row = world.ask("literals", import, &get(url));
            assert_eq!(row["body"], "chirp", "{url} by {import}: {row}");
            assert_eq!(world.canary.received().len(), 1, "{url} by {import}");
            assert_eq!(world.network.looked_up(), [""; 0], "{url} by {import}");
            for dialed in world.network.dialed() {
                assert_eq!(
                    dialed,
                    SocketAddr::new(ip(address), port),
                    "{url} by {import}"
                );
            }
        });
    }
}

#[test]
fn redirects_are_followed_as_rules_and_limits_allow() {
    let world = World::start(CONFIGS);
    by_both(&world, |import| {
        world.canary.redirect_to("http://paths.example.net/v1");
        let start = get(&format!("http://start.example.com{REDIRECT}"));
        let row = world.ask("redirects", import, &start);
        assert_eq!(row["body"], "chirp", "{import}: {row}");
        world.canary.forget();
        // In a circle: the first request and three redirects are followed; the last redirect is the answer.
        world.canary.redirect_to(REDIRECT);
        let row = world.ask("redirects", import, &start);
        assert_eq!(row["status"], 307, "{import}: {row}");
        assert_eq!(world.canary.received().len(), 4, "{import}");
        world.canary.forget();
        world.canary.redirect_to("http://evil.net/");
        let row = world.ask("rules", import, &start);
        assert_eq!(
            row["status"], 307,
            "not followed unless configured, {import}: {row}"
        );
        assert_eq!(world.canary.received().len(), 1, "{import}");
    });
}

#[test]
fn announced_length_ends_the_request_whatever_follows() {
    let world = World::start(CONFIGS);
    for (length, body) in [
        ("3", "abc"),
        ("5", "abc"),
        ("3", "abcdef"),
        ("3", "abcGET /smuggled HTTP/1.1\r\nhost: evil.net\r\n\r\n"),
    ] {
        world.forget();
        let headers = json!([["content-length", length]]);
        let url = "http://x.example.com/";
        let request = json!({ "url": url, "method": "POST", "headers": headers, "body": body });
        let row = world.ask("rules", "wasi", &request);
        if length == body.len().to_string() {
            assert_eq!(row["body"], "chirp", "{row}");
        }
        // It would come after the smuggled one if that arrived.
        let row = world.ask("rules", "wasi", &get(url));
        assert_eq!(row["body"], "chirp", "{row}");
        for request in world.canary.received() {
            assert!(
                ["POST /", "GET /"].contains(&request.line.as_str()),
                "{length} {body:?}: {request:?}"
            );
        }
    }
}
