//! A proxy for the tests of this folder, and the network around it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::super::super::{CurrentPolicy, Egress, Network, Networking, Upstreams};
use crate::config::{ConnectorConfig, HostFile, NetworkConfig, ProxyConfig, RateLimitConfig};
use crate::lock::Mutex;

/// The address of the proxy, whose name is `proxy.example.net`.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 8, 7));

/// Answers the method CONNECT, by its target, with these bytes; without bytes, it never answers.
type Answers = fn(&str) -> &'static [u8];

/// A running proxy, which connects every host to one API. It ends with the test's runtime.
pub(super) struct Proxy {
    address: SocketAddr,
    /// The heads of CONNECT, and of requests that are not tunneled.
    heads: Arc<Mutex<Vec<String>>>,
    dialed: Arc<Mutex<Vec<SocketAddr>>>,
}

/// A proxy's agreement.
pub(super) const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

impl Proxy {
    pub(super) async fn start(api: SocketAddr, answers: Answers) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = heads.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let kept = kept.clone();
                tokio::spawn(async move {
                    // The client decides how it ends.
                    let _ended = serve(client, api, &kept, answers).await;
                });
            }
        });
        Self {
            heads,
            ..Self::at(address)
        }
    }

    /// The proxy at this address, which is not one of this file's.
    pub(super) fn at(address: SocketAddr) -> Self {
        Self {
            address,
            heads: Arc::default(),
            dialed: Arc::default(),
        }
    }

    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().clone()
    }

    /// The first lines of [`Self::heads`].
    pub(super) fn lines(&self) -> Vec<String> {
        let first = |head: String| head.lines().next().unwrap_or_default().to_owned();
        self.heads().into_iter().map(first).collect()
    }

    /// The addresses to which connections were made: the proxy's, and others that were reached directly.
    pub(super) fn dialed(&self) -> Vec<SocketAddr> {
        self.dialed.lock().clone()
    }

    /// A connector whose requests go through this proxy. It retries nothing, and the policy permits only public addresses
    /// and this machine.
    pub(super) fn egress(&self, network: NetworkConfig, host_resolves: bool) -> Egress {
        let config = ConnectorConfig {
            network,
            rate_limit: RateLimitConfig {
                retries: 0,
                ..RateLimitConfig::default()
            },
            ..ConnectorConfig::default()
        };
        let url = || {
            Some(
                "http://weld:hunter2@proxy.example.net:3128"
                    .parse()
                    .unwrap(),
            )
        };
        let upstreams = Upstreams::new(Arc::new(Around {
            proxy: self.address,
            dialed: self.dialed.clone(),
        }))
        .with_policy(CurrentPolicy::new(HostFile::policy_of(
            "[policy]\nnetworks = [\"127.0.0.0/8\"]",
        )))
        .with_proxies(ProxyConfig {
            https: url(),
            http: url(),
            exemptions: "direct.example.com".parse().unwrap(),
            host_resolves,
        });
        Egress::new("shop", &config, "shop.toml".to_owned(), &upstreams, None).unwrap()
    }
}

async fn serve(
    mut client: TcpStream,
    api: SocketAddr,
    heads: &Mutex<Vec<String>>,
    answers: Answers,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let target = text
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split(' ').next());
    let answer = target.map(answers);
    heads.lock().push(text.clone());
    if let Some(answer) = answer {
        client.write_all(answer).await?;
        if answer.is_empty() {
            // It waits for the target, as long as the client does.
            return client.read_u8().await.map(drop);
        }
        if answer != ESTABLISHED {
            return client.shutdown().await;
        }
    }
    let mut server = TcpStream::connect(api).await?;
    if answer.is_none() {
        server.write_all(&head).await?;
    }
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// Names are public, `two.…` at two addresses, except `private.…`, those of this machine, and that of the proxy; `unknown.…`
/// is unknown, and the lookup of `slow.…` does not end. Every connection ends at the proxy.
struct Around {
    proxy: SocketAddr,
    dialed: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Network for Around {
    fn resolve<'a>(&'a self, name: &'a str) -> Networking<'a, Vec<IpAddr>> {
        let public = |last| IpAddr::V4(Ipv4Addr::new(93, 184, 215, last));
        let first = name.split('.').next();
        Box::pin(async move {
            match first {
                Some("proxy") => Ok(vec![PROXY]),
                Some("private") => Ok(vec![IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))]),
                Some("two") => Ok(vec![public(13), public(14)]),
                Some("many") => Ok((20..200).map(public).collect()),
                Some("here") => Ok(vec![
                    IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)),
                    Ipv4Addr::new(127, 0, 0, 3).to_ipv6_mapped().into(),
                ]),
                Some("both") => Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST), public(14)]),
                Some("slow") => std::future::pending().await,
                Some("unknown") => Err(io::Error::other("no such name")),
                _ => Ok(vec![public(14)]),
            }
        })
    }

    fn dial(&self, address: SocketAddr) -> Networking<'_, TcpStream> {
        self.dialed.lock().push(address);
        Box::pin(TcpStream::connect(self.proxy))
    }
}
