//! Links and redirects that say http although the API is reached by https, and the contents of a server's `Location`.

use std::path::Path;

use super::super::message::Response;
use super::super::{Egress, EgressError, Request};
use super::certificates::{AUTHORITY, GOOD};
use super::scripted::ScriptedServer;
use super::server::page;
use super::tls;
use crate::config::{Ceilings, ConnectorConfig, Limits, NetworkConfig};
use crate::report;

/// Redirects to the text in the path after `/to/`; otherwise answers with rows.
fn redirects(head: &str, _: usize) -> Option<Vec<u8>> {
    let target = head.split(' ').nth(1)?;
    let answer = match target.strip_prefix("/to/") {
        Some(location) => {
            format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
        }
        None => "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nrows".to_owned(),
    };
    Some(answer.into_bytes())
}

async fn encrypted() -> ScriptedServer {
    let config = tls::config(GOOD, &["http/1.1"], None);
    ScriptedServer::start(Some(config), redirects).await
}

fn network(upgrade_http: bool) -> NetworkConfig {
    NetworkConfig {
        upgrade_http,
        follow_redirects: 3,
        ..tls::network(&[AUTHORITY])
    }
}

async fn get(egress: &Egress, url: &str) -> Result<Response, EgressError> {
    let request = Request {
        headers: vec![("authorization".to_owned(), b"Bearer key".to_vec())],
        ..Request::get(url)
    };
    egress.fetch(request, &page(&Limits::default())).await
}

#[tokio::test]
async fn http_link_goes_to_its_https_form_if_the_configuration_says_so() {
    let server = encrypted().await;
    let egress = server.egress(network(true));
    for (url, answered) in [
        (
            "http://api.example.com/v1?page=2",
            "https://api.example.com/v1?page=2",
        ),
        ("http://api.example.com:80/v1", "https://api.example.com/v1"),
        ("HTTP://API.example.com/v1", "https://api.example.com/v1"),
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        // The redirect has http, too. The guest's own header is sent along, since the origin is the same.
        (
            "https://api.example.com/to/http://api.example.com/v1",
            "https://api.example.com/v1",
        ),
        (
            "http://api.example.com/to/http://api.example.com/v1",
            "https://api.example.com/v1",
        ),
    ] {
        let response = get(&egress, url).await.unwrap();
        assert_eq!(
            (response.status, response.url.as_str()),
            (200, answered),
            "{url}"
        );
        let last = server.heads().pop().unwrap();
        assert!(last.contains("authorization: Bearer key"), "{url}: {last}");
    }
    let error = get(&egress, "http://elsewhere.example.net/v1")
        .await
        .unwrap_err();
    let text = report::chain(&error);
    assert!(
        text.contains("add \"http://elsewhere.example.net\""),
        "{text}"
    );
}

#[tokio::test]
async fn credential_of_the_https_api_is_sent_with_an_http_link() {
    let server = encrypted().await;
    let text = "
        [auth.shop]
        urls = [\"https://api.example.com\"]
        kind = \"bearer\"
        token = \"a-token-of-the-shop\"
        [network]
        allow = [\"https://api.example.com\"]
        ";
    let config = ConnectorConfig::parse(text, Path::new("shop.toml"), &Ceilings::default());
    let egress = server.egress_of(ConnectorConfig {
        network: network(true),
        ..config.unwrap()
    });
    for url in [
        "http://api.example.com/v1?page=2",
        "https://api.example.com/to/http://api.example.com/v1",
    ] {
        let request = Request::get(url);
        let response = egress
            .fetch(request, &page(&Limits::default()))
            .await
            .unwrap();
        assert_eq!(response.status, 200, "{url}");
    }
    for head in server.heads() {
        assert!(
            head.contains("authorization: Bearer a-token-of-the-shop"),
            "{head}"
        );
    }
    assert_eq!(server.heads().len(), 3);
}

#[tokio::test]
async fn http_link_is_refused_by_default_with_the_reason() {
    let server = encrypted().await;
    let egress = server.egress(network(false));
    for (url, redirect) in [
        ("http://api.example.com/v1?page=2", ""),
        (
            "https://api.example.com/to/http://api.example.com/v1",
            " (https://api.example.com/to/http://api.example.com/v1 redirected there)",
        ),
    ] {
        let error = get(&egress, url).await.unwrap_err();
        assert!(
            matches!(error, EgressError::Denied { .. }),
            "{url}: {error}"
        );
        let text = report::chain(&error);
        let refused = format!(
            "no rule allows http://api.example.com{redirect}; the rules allow https://api.example.com"
        );
        assert!(
            text.contains(&refused)
                && text.contains("`upgrade-http = true` under [network] in shop.toml")
                && !text.contains("add \"http://"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn http_that_a_rule_allows_is_called_as_it_is() {
    let server = ScriptedServer::start(None, redirects).await;
    let egress = server.egress(NetworkConfig {
        allow: ["https://api.example.com", "http://api.example.com"]
            .map(|rule| rule.parse().unwrap())
            .into_iter()
            .collect(),
        upgrade_http: true,
        ..NetworkConfig::default()
    });
    let response = get(&egress, "http://api.example.com/v1").await.unwrap();
    assert_eq!(response.url, "http://api.example.com/v1");
}

#[tokio::test]
async fn redirect_to_a_location_with_raw_bytes_is_followed_through_the_gate() {
    let script = |head: &str, _: usize| {
        let location: &[u8] = match head.split(' ').nth(1)? {
            "/utf8" => "/c\u{e9}u".as_bytes(),
            "/latin1" => b"/c\xe9u",
            "/blank" => b"/a b",
            "/elsewhere" => "//elsewhere.example.net/c\u{e9}u".as_bytes(),
            _ => return Some(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nrows".to_vec()),
        };
        let parts = [
            b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: ",
            location,
            b"\r\n\r\n",
        ];
        Some(parts.concat())
    };
    let server = ScriptedServer::start(None, script).await;
    let egress = server.egress(NetworkConfig {
        allow: ["http://api.example.com".parse().unwrap()]
            .into_iter()
            .collect(),
        follow_redirects: 1,
        ..NetworkConfig::default()
    });
    for (path, target) in [
        ("utf8", "/c%C3%A9u"),
        ("latin1", "/c%E9u"),
        ("blank", "/a%20b"),
    ] {
        let response = get(&egress, &format!("http://api.example.com/{path}"))
            .await
            .unwrap();
        assert_eq!(response.url, format!("http://api.example.com{target}"));
        let last = server.heads().pop().unwrap();
        assert!(last.starts_with(&format!("GET {target} ")), "{last}");
    }
    let error = get(&egress, "http://api.example.com/elsewhere")
        .await
        .unwrap_err();
    assert!(matches!(error, EgressError::Denied { .. }), "{error}");
}

#[tokio::test]
async fn names_of_headers_are_in_title_case_if_the_configuration_says_so() {
    let server = ScriptedServer::start(None, redirects).await;
    for title_case in [false, true] {
        let egress = server.egress(NetworkConfig {
            allow: ["http://api.example.com".parse().unwrap()]
                .into_iter()
                .collect(),
            title_case,
            ..NetworkConfig::default()
        });
        let request = Request {
            method: "POST".to_owned(),
            headers: [
                ("authorization", "Bearer key"),
                ("SOAPAction", "list"),
                ("X-API-Key", "key"),
            ]
            .map(|(name, value)| (name.to_owned(), value.into()))
            .to_vec(),
            body: super::super::RequestBody::Whole(b"rows".to_vec()),
            ..Request::get("http://api.example.com/v1")
        };
        egress
            .fetch(request, &page(&Limits::default()))
            .await
            .unwrap();
        let head = server.heads().pop().unwrap();
        for line in [
            "Host: api.example.com\r\n",
            "Authorization: Bearer key\r\n",
            // As docs/network.md says.
            "Soapaction: list\r\n",
            "X-Api-Key: key\r\n",
            "Content-Length: 4\r\n",
            "User-Agent: ",
            "Accept-Encoding: ",
        ] {
            let small = line
                .split_once(':')
                .map(|(name, rest)| format!("{}:{rest}", name.to_lowercase()));
            assert_eq!(head.contains(line), title_case, "{head}");
            assert_eq!(head.contains(&small.unwrap()), !title_case, "{head}");
        }
    }
}
