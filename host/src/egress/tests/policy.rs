//! The operator's policy at run time: it applies to each request, redirect and address, whatever the connector's own
//! rules permit, and changes at once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;

use super::super::message::Response;
use super::super::{CurrentPolicy, Egress, EgressError, Network, Networking, Request, Upstreams};
use super::scripted::ScriptedServer;
use super::server::page;
use crate::config::{Ceilings, ConnectorConfig, HostFile, Limits};

/// What the connector itself may call: names and literal addresses, and private networks.
const CONFIG: &str = r#"
[network]
allow = [
    "http://*.example.com", "http://other.example.net", "http://10.1.2.3", "http://10.2.0.1", "http://93.184.215.14",
    "http://169.254.169.254",
]
allow-networks = ["10.0.0.0/8", "192.168.0.0/16"]
follow-redirects = 5
[rate-limit]
retries = 0
"#;

/// `private.…` is in 10.1/16, `home.…` in 192.168/16, and every other name is public. All connections end at one server.
struct Names(SocketAddr);

impl Network for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> Networking<'a, Vec<IpAddr>> {
        let address = match name.split('.').next() {
            Some("private") => Ipv4Addr::new(10, 1, 2, 3),
            Some("home") => Ipv4Addr::new(192, 168, 1, 1),
            _ => Ipv4Addr::new(93, 184, 215, 14),
        };
        Box::pin(async move { Ok(vec![address.into()]) })
    }

    fn dial(&self, _: SocketAddr) -> Networking<'_, TcpStream> {
        Box::pin(TcpStream::connect(self.0))
    }
}

/// A connector under a policy.
struct Bounded {
    egress: Egress,
    policy: CurrentPolicy,
    server: ScriptedServer,
}

impl Bounded {
    async fn start(policy: &str) -> Self {
        Self::start_with(CONFIG, policy).await
    }

    /// With this configuration of the connector.
    async fn start_with(config: &str, policy: &str) -> Self {
        let server = ScriptedServer::start(None, redirects).await;
        let policy = CurrentPolicy::new(HostFile::policy_of(policy));
        let upstreams =
            Upstreams::new(Arc::new(Names(server.address()))).with_policy(policy.clone());
        let config = ConnectorConfig::parse(config, Path::new("shop.toml"), &Ceilings::default());
        let file = "shop.toml".to_owned();
        let egress = Egress::new("shop", &config.unwrap(), file, &upstreams, None).unwrap();
        Self {
            egress,
            policy,
            server,
        }
    }

    async fn get(&self, url: &str) -> Result<Response, EgressError> {
        self.egress
            .fetch(Request::get(url), &page(&Limits::default()))
            .await
    }

    /// What became of a request: `sent`, or the key of the policy that refused it.
    async fn outcome(&self, url: &str) -> String {
        let before = self.server.heads().len();
        match self.get(url).await {
            Ok(_) => "sent".to_owned(),
            Err(
                error
                @ (EgressError::BeyondPolicy { .. } | EgressError::AddressBeyondPolicy { .. }),
            ) => {
                assert_eq!(self.server.heads().len(), before, "{url} was sent");
                let text = error.to_string();
                assert!(!text.contains("/etc/weld"), "guests learn no paths: {text}");
                text.split('`').nth(1).unwrap_or_default().to_owned()
            }
            Err(error) => panic!("{url}: {error}"),
        }
    }
}

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

#[tokio::test]
async fn origins_bound_requests_and_redirects() {
    let bounded = Bounded::start("[policy]\norigins = [\"http://api.example.com/v1\"]").await;
    for (url, expected) in [
        ("http://api.example.com/v1/rows", "sent"),
        ("http://api.example.com/v2", "policy.origins"),
        ("http://www.example.com/v1", "policy.origins"),
        ("http://other.example.net/v1", "policy.origins"),
        ("http://10.1.2.3/v1", "policy.origins"),
    ] {
        assert_eq!(bounded.outcome(url).await, expected, "{url}");
    }
    let bounded = Bounded::start("[policy]\norigins = [\"http://api.example.com\"]").await;
    let away = "http://api.example.com/to/http://other.example.net/";
    let error = bounded.get(away).await.unwrap_err();
    assert!(matches!(error, EgressError::BeyondPolicy { .. }), "{error}");
    let text = error.to_string();
    let note = "http://other.example.net (http://api.example.com/to/http://other.example.net/ redirected there)";
    assert!(text.contains(note), "{text}");
    assert_eq!(
        bounded.server.heads().len(),
        1,
        "only the first request is sent"
    );
    let there = "http://api.example.com/to/http://api.example.com/v2";
    assert_eq!(bounded.outcome(there).await, "sent");
}

#[tokio::test]
async fn networks_bound_names_and_literal_addresses() {
    let bounded =
        Bounded::start("[policy]\nnetworks = [\"10.1.0.0/16\", \"169.254.0.0/16\"]").await;
    for (url, expected) in [
        ("http://api.example.com/", "sent"),
        ("http://93.184.215.14/", "sent"),
        ("http://private.example.com/", "sent"),
        ("http://10.1.2.3/", "sent"),
        ("http://home.example.com/", "policy.networks"),
        ("http://10.2.0.1/", "policy.networks"),
        // A network around it does not open the address of a metadata service.
        ("http://169.254.169.254/", "policy.networks"),
        (
            "http://api.example.com/to/http://home.example.com/",
            "policy.networks",
        ),
    ] {
        let outcome = bounded.get(url).await.map(|_| "sent".to_owned());
        let outcome = outcome.unwrap_or_else(|error| {
            assert!(
                matches!(error, EgressError::AddressBeyondPolicy { .. }),
                "{error}"
            );
            let is_redirected = error.to_string().contains(" redirected there)");
            assert_eq!(is_redirected, url.contains("/to/"), "{error}");
            error
                .to_string()
                .split('`')
                .nth(1)
                .unwrap_or_default()
                .to_owned()
        });
        assert_eq!(outcome, expected, "{url}");
    }
    let closed = Bounded::start("[policy]\nnetworks = []").await;
    assert_eq!(
        closed.outcome("http://private.example.com/").await,
        "policy.networks"
    );
    assert_eq!(closed.outcome("http://api.example.com/").await, "sent");
}

#[tokio::test]
async fn change_applies_to_the_next_request_even_on_a_kept_connection() {
    let bounded = Bounded::start("").await;
    let (private, public) = ("http://private.example.com/", "http://api.example.com/");
    assert_eq!(bounded.outcome(private).await, "sent");
    assert_eq!(bounded.outcome(public).await, "sent");
    bounded.policy.set(HostFile::policy_of(
        "[policy]\nnetworks = [\"192.168.0.0/16\"]",
    ));
    assert_eq!(bounded.outcome(private).await, "policy.networks");
    assert_eq!(bounded.outcome(public).await, "sent");
    bounded
        .policy
        .set(HostFile::policy_of("[policy]\norigins = []"));
    assert_eq!(bounded.outcome(public).await, "policy.origins");
    bounded.policy.set(HostFile::policy_of(""));
    assert_eq!(bounded.outcome(private).await, "sent");
}

#[tokio::test]
async fn wasi_http_can_be_turned_off() {
    let bounded = Bounded::start("[policy]\nwasi-http = false").await;
    let scope = page(&Limits::default());
    let request = || Request::get("http://api.example.com/");
    let sent = bounded.egress.send(request(), &scope).await.map(drop);
    assert!(
        matches!(sent, Err(EgressError::NoWasiHttp { .. })),
        "{sent:?}"
    );
    assert_eq!(bounded.outcome("http://api.example.com/").await, "sent");
    bounded
        .policy
        .set(HostFile::policy_of("[policy]\nwasi-http = true"));
    assert!(bounded.egress.send(request(), &scope).await.is_ok());
}

#[tokio::test]
async fn change_applies_to_a_request_that_waits_for_its_turn() {
    // The second call waits for half a second.
    let bounded = Bounded::start_with(&format!("{CONFIG}rate = \"2/s\"\n"), "").await;
    let public = "http://api.example.com/";
    assert_eq!(bounded.outcome(public).await, "sent");
    let narrower = HostFile::policy_of("[policy]\norigins = []");
    let (waiting, ()) = tokio::join!(bounded.outcome(public), async {
        bounded.policy.set(narrower);
    });
    assert_eq!(waiting, "policy.origins");
    bounded.policy.set(HostFile::policy_of(""));
    assert_eq!(bounded.outcome(public).await, "sent");
}
