//! Requests through a proxy: by which method, to which target, and under the same rules as direct ones.

mod proxy;

use std::time::Duration;

use super::super::message::Response;
use super::super::{Egress, EgressError, Request};
use super::certificates::{AUTHORITY, GOOD, OTHER_NAME};
use super::scripted::ScriptedServer;
use super::server::{page, request};
use super::tls;
use crate::config::{Limits, NetworkConfig};
use crate::report;
use proxy::{ESTABLISHED, Proxy};

const AUTHORIZATION: &str = "proxy-authorization: Basic d2VsZDpodW50ZXIy\r\n";

fn established(_: &str) -> &'static [u8] {
    ESTABLISHED
}

/// Redirects to the text in the path after `/to/`; otherwise answers with rows.
fn api(head: &str, _: usize) -> Option<Vec<u8>> {
    let target = head.split(' ').nth(1)?;
    let answer = match target.split_once("/to/") {
        Some((_, location)) => {
            format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
        }
        None => "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nrows".to_owned(),
    };
    Some(answer.into_bytes())
}

fn network() -> NetworkConfig {
    let allow = [
        "https://*.example.com",
        "http://*.example.com",
        "http://93.184.215.14",
        "https://93.184.215.14",
        "http://10.0.0.1",
        "https://10.0.0.1",
    ];
    NetworkConfig {
        allow: allow.iter().map(|rule| rule.parse().unwrap()).collect(),
        follow_redirects: 3,
        ..tls::network(&[AUTHORITY])
    }
}

async fn plain() -> ScriptedServer {
    ScriptedServer::start(None, api).await
}

async fn encrypted() -> ScriptedServer {
    ScriptedServer::start(Some(tls::config(GOOD, &["http/1.1"], None)), api).await
}

async fn get(egress: &Egress, url: &str) -> Result<Response, EgressError> {
    let request = Request::get(url);
    egress.fetch(request, &page(&Limits::default())).await
}

async fn error(egress: &Egress, url: &str) -> String {
    let error = get(egress, url).await.unwrap_err();
    let told = report::chain(&error);
    assert!(
        !told.contains("hunter2") && !told.contains("d2Vs"),
        "{told}"
    );
    told
}

#[tokio::test]
async fn https_goes_through_a_tunnel_to_the_address_that_was_judged() {
    for (host_resolves, target) in [(true, "93.184.215.14"), (false, "api.example.com")] {
        let server = encrypted().await;
        let proxy = Proxy::start(server.address(), established).await;
        let egress = proxy.egress(network(), host_resolves);
        for _ in 0..3 {
            let response = get(&egress, "https://api.example.com/v1").await.unwrap();
            assert_eq!((response.status, &**response.body), (200, &b"rows"[..]));
        }
        // The connection was used again.
        let expected =
            format!("CONNECT {target}:443 HTTP/1.1\r\nhost: {target}:443\r\n{AUTHORIZATION}\r\n");
        assert_eq!(proxy.heads(), [expected]);
        assert_eq!(proxy.dialed(), ["10.9.8.7:3128".parse().unwrap()]);
        let heads = server.heads();
        assert_eq!(heads.len(), 3);
        for head in heads {
            assert!(head.starts_with("GET /v1 HTTP/1.1\r\n"), "{head}");
            assert!(head.contains("\r\nhost: api.example.com\r\n"), "{head}");
            assert!(!head.contains("proxy-"), "{head}");
        }
    }
}

#[tokio::test]
async fn certificate_must_be_that_of_the_name() {
    let server =
        ScriptedServer::start(Some(tls::config(OTHER_NAME, &["http/1.1"], None)), api).await;
    let proxy = Proxy::start(server.address(), established).await;
    for host_resolves in [true, false] {
        let egress = proxy.egress(network(), host_resolves);
        let told = error(&egress, "https://api.example.com/").await;
        for part in [
            "https://api.example.com through the proxy http://proxy.example.net:3128",
            "not valid for the host name",
        ] {
            assert!(told.contains(part), "{told}");
        }
    }
}

#[tokio::test]
async fn http_is_tunneled_to_an_address_and_forwarded_by_name() {
    let server = plain().await;
    let proxy = Proxy::start(server.address(), established).await;
    let resolving = proxy.egress(network(), true);
    get(&resolving, "http://api.example.com/v1?a=b")
        .await
        .unwrap();
    assert_eq!(proxy.lines(), ["CONNECT 93.184.215.14:80 HTTP/1.1"]);
    let head = server.heads().pop().unwrap();
    assert!(head.starts_with("GET /v1?a=b HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nhost: api.example.com\r\n"), "{head}");
    assert!(!head.contains("proxy-"), "{head}");

    let forwarding = proxy.egress(network(), false);
    for _ in 0..2 {
        get(&forwarding, "http://api.example.com/v1?a=b")
            .await
            .unwrap();
    }
    // An address in a URL is forwarded, whoever resolves names.
    get(&resolving, "http://93.184.215.14/v1").await.unwrap();
    let lines = proxy.lines();
    assert_eq!(
        lines[1..],
        [
            "GET http://api.example.com/v1?a=b HTTP/1.1",
            "GET http://93.184.215.14/v1 HTTP/1.1"
        ],
        "the connection was used again"
    );
    let [.., first, second, literal] = &server.heads()[..] else {
        panic!("four requests");
    };
    for head in [first, second] {
        assert!(head.contains("\r\nhost: api.example.com\r\n"), "{head}");
    }
    for head in [first, second, literal] {
        assert!(head.contains(AUTHORIZATION), "{head}");
    }
}

#[tokio::test]
async fn redirects_take_their_own_way_each() {
    let server = plain().await;
    let proxy = Proxy::start(server.address(), established).await;
    let egress = proxy.egress(network(), false);
    let url = "http://api.example.com/to/http://direct.example.com/v1";
    let response = get(&egress, url).await.unwrap();
    assert_eq!(response.url, "http://direct.example.com/v1");
    assert_eq!(
        proxy.lines(),
        [format!("GET {url} HTTP/1.1"), "GET /v1 HTTP/1.1".to_owned()]
    );
    let last = server.heads().pop().unwrap();
    assert!(!last.contains("proxy-authorization"), "{last}");
}

#[tokio::test]
async fn addresses_are_judged_unless_the_proxy_resolves_the_name() {
    let server = plain().await;
    let proxy = Proxy::start(server.address(), established).await;
    let resolving = proxy.egress(network(), true);
    let forwarding = proxy.egress(network(), false);
    for scheme in ["http", "https"] {
        // A rule names the last one, but the policy doesn't permit it.
        for (egress, host, address) in [
            (&resolving, "private.example.com", "10.0.0.1"),
            (&resolving, "10.0.0.1", "10.0.0.1"),
            (&forwarding, "10.0.0.1", "10.0.0.1"),
        ] {
            let url = format!("{scheme}://{host}/");
            let told = error(egress, &url).await;
            let part = format!("its address {address} is");
            assert!(told.contains(&part), "{url}: {told}");
        }
    }
    assert_eq!(proxy.lines(), Vec::<String>::new());
    get(&forwarding, "http://private.example.com/")
        .await
        .unwrap();
    assert_eq!(proxy.lines(), ["GET http://private.example.com/ HTTP/1.1"]);
    let told = error(&resolving, "https://unknown.example.com/").await;
    assert!(told.contains("--proxy-resolves"), "{told}");
}

#[tokio::test]
async fn further_addresses_are_tried_where_the_proxy_reaches_one_only() {
    let server = encrypted().await;
    let first_is_dead: fn(&str) -> &'static [u8] = |target| match target {
        "93.184.215.14:443" => ESTABLISHED,
        _ => b"HTTP/1.1 503 Unavailable\r\n\r\n",
    };
    let proxy = Proxy::start(server.address(), first_is_dead).await;
    let egress = proxy.egress(network(), true);
    let told = error(&egress, "https://many.example.com/").await;
    assert!(told.contains("\"503 Unavailable\""), "{told}");
    assert_eq!(proxy.lines().len(), 4, "of 180 addresses");
    let told = error(&egress, "https://two.example.com/").await;
    assert!(told.contains("not valid for the host name"), "{told}");
    assert_eq!(
        proxy.lines()[4..],
        [
            "CONNECT 93.184.215.13:443 HTTP/1.1",
            "CONNECT 93.184.215.14:443 HTTP/1.1"
        ]
    );
}

#[tokio::test]
async fn silent_or_forbidden_address_does_not_hide_the_next_one() {
    let server = plain().await;
    let silent: fn(&str) -> &'static [u8] = |target| match target {
        "93.184.215.13:80" => b"",
        _ => ESTABLISHED,
    };
    let forbidden: fn(&str) -> &'static [u8] = |target| match target {
        "93.184.215.13:80" => b"HTTP/1.1 403 Forbidden\r\n\r\n",
        _ => ESTABLISHED,
    };
    let network = NetworkConfig {
        connect_timeout: Duration::from_secs(6),
        ..network()
    };
    for answers in [silent, forbidden] {
        let proxy = Proxy::start(server.address(), answers).await;
        let egress = proxy.egress(network.clone(), true);
        let response = get(&egress, "http://two.example.com/").await.unwrap();
        assert_eq!(response.status, 200);
        assert_eq!(
            proxy.lines(),
            [
                "CONNECT 93.184.215.13:80 HTTP/1.1",
                "CONNECT 93.184.215.14:80 HTTP/1.1"
            ]
        );
    }
}

#[tokio::test]
async fn fault_that_may_pass_takes_precedence_over_a_lasting_one() {
    let refuses: fn(&str) -> &'static [u8] = |target| match target {
        "93.184.215.13:80" => b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        _ => b"HTTP/1.1 403 Forbidden\r\n\r\n",
    };
    let proxy = Proxy::start("127.0.0.1:9".parse().unwrap(), refuses).await;
    let egress = proxy.egress(network(), true);
    let told = error(&egress, "http://two.example.com/").await;
    assert!(told.contains("502 Bad Gateway"), "{told}");
    assert_eq!(proxy.lines().len(), 2);
    let told = error(&egress, "http://api.example.com/").await;
    assert!(told.contains("403 Forbidden"), "{told}");
}

#[tokio::test]
async fn name_of_this_machine_is_reached_directly() {
    let server = plain().await;
    let proxy = Proxy::start(server.address(), established).await;
    let egress = proxy.egress(
        NetworkConfig {
            allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
            ..network()
        },
        true,
    );
    for _ in 0..2 {
        get(&egress, "http://here.example.com/").await.unwrap();
    }
    for address in proxy.dialed() {
        assert!(address.ip().to_canonical().is_loopback(), "{address}");
    }
    assert_eq!(proxy.lines(), ["GET / HTTP/1.1"]);
    // Of a name with other addresses, too, those of this machine mean nothing to the proxy.
    get(&egress, "http://both.example.com/").await.unwrap();
    assert_eq!(proxy.lines()[1..], ["CONNECT 93.184.215.14:80 HTTP/1.1"]);
}

#[tokio::test]
async fn lookup_that_does_not_end_counts_as_one_that_fails() {
    let proxy = Proxy::start("127.0.0.1:9".parse().unwrap(), established).await;
    let network = NetworkConfig {
        connect_timeout: Duration::from_secs(1),
        ..network()
    };
    let egress = proxy.egress(network, true);
    for url in ["https://slow.example.com/", "http://slow.example.com/"] {
        let told = error(&egress, url).await;
        for part in ["--proxy-resolves", "the DNS lookup took too long"] {
            assert!(told.contains(part), "{told}");
        }
    }
    assert_eq!(proxy.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn refused_tunnel_says_so_and_is_a_failure_of_the_proxy() {
    let refuses: fn(&str) -> &'static [u8] = |_| b"HTTP/1.1 407 Authenticate\r\n\r\n";
    let proxy = Proxy::start("127.0.0.1:9".parse().unwrap(), refuses).await;
    let egress = proxy.egress(network(), false);
    let failure = get(&egress, "https://api.example.com/").await.unwrap_err();
    assert!(!failure.is_temporary(), "{failure:?}");
    assert_eq!(
        report::chain(&failure),
        "the request to https://api.example.com failed at the proxy http://proxy.example.net:3128: the proxy refused the \
         user and password in its URL (407)"
    );
}

#[tokio::test]
async fn proxy_that_hangs_is_named_when_the_time_is_over() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = Proxy::at(listener.local_addr().unwrap());
    let network = NetworkConfig {
        connect_timeout: Duration::from_millis(100),
        first_byte_timeout: Duration::from_millis(100),
        ..network()
    };
    let egress = silent.egress(network, false);
    for (url, phase, limit) in [
        (
            "https://api.example.com/",
            "the proxy's answer to CONNECT, through the proxy http://proxy.example.net:3128",
            "network.connect-timeout",
        ),
        (
            "http://api.example.com/",
            "the head of the response, through the proxy http://proxy.example.net:3128",
            "network.first-byte-timeout",
        ),
    ] {
        let told = error(&egress, url).await;
        assert!(told.contains(phase) && told.contains(limit), "{told}");
    }
}

#[tokio::test]
async fn http2_is_spoken_through_a_tunnel() {
    let config = tls::config(GOOD, &["h2"], None);
    let server = super::server::Server::encrypted(config).await;
    let proxy = Proxy::start(server.address(), established).await;
    let egress = proxy.egress(network(), true);
    let page = page(&Limits::default());
    let sent = egress.send(request("GET", "https://api.example.com/", ""), &page);
    let (_, response) = sent.await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(proxy.lines(), ["CONNECT 93.184.215.14:443 HTTP/1.1"]);
}
