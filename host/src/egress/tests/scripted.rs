//! A server that answers byte by byte as a test says, and keeps the request heads that it received.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::super::{Egress, Network, Networking, Upstreams};
use super::server::ServerStream;
use crate::config::{ConnectorConfig, NetworkConfig, RateLimitConfig};
use crate::lock::Mutex;

/// The address of every name.
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 215, 14));

/// Answers a request, by its head and the number of earlier requests on its connection, with these bytes; `None`
/// closes the connection.
type Script = Arc<dyn Fn(&str, usize) -> Option<Vec<u8>> + Send + Sync>;

/// A running server for HTTP/1.1. It ends with the test's runtime.
pub(super) struct ScriptedServer {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl ScriptedServer {
    pub(super) async fn start(
        tls: Option<ServerConfig>,
        script: impl Fn(&str, usize) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let (kept, script): (_, Script) = (heads.clone(), Arc::new(script));
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (tls, kept, script) = (tls.clone(), kept.clone(), script.clone());
                tokio::spawn(async move {
                    let stream: Box<dyn ServerStream> = match tls {
                        None => Box::new(tcp),
                        Some(tls) => match tls.accept(tcp).await {
                            Ok(stream) => Box::new(stream),
                            // The client ended the handshake; the test is about the client's error.
                            Err(_) => return,
                        },
                    };
                    // The client decides how it ends.
                    let _ended = serve(stream, &kept, &script).await;
                });
            }
        });
        Self { address, heads }
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of the requests so far.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().clone()
    }

    /// A connector with this configuration, all of whose connections end here. It retries once, without a pause.
    pub(super) fn egress(&self, network: NetworkConfig) -> Egress {
        self.egress_of(ConnectorConfig {
            network,
            ..ConnectorConfig::default()
        })
    }

    /// As [`Self::egress`], with a whole configuration.
    pub(super) fn egress_of(&self, config: ConnectorConfig) -> Egress {
        let config = ConnectorConfig {
            rate_limit: RateLimitConfig {
                retries: 1,
                ..RateLimitConfig::default()
            },
            ..config
        };
        let network = Arc::new(LeadsTo(self.address));
        Egress::new(
            "shop",
            &config,
            "shop.toml".to_owned(),
            &Upstreams::new(network),
            None,
        )
        .unwrap()
    }
}

async fn serve(
    mut stream: Box<dyn ServerStream>,
    heads: &Mutex<Vec<String>>,
    script: &Script,
) -> io::Result<()> {
    for number in 0.. {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let length = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, length)| length.parse().unwrap());
        stream.read_exact(&mut vec![0; length]).await?;
        let answer = script(&head, number);
        heads.lock().push(head);
        let Some(answer) = answer else { break };
        stream.write_all(&answer).await?;
        stream.flush().await?;
        if says_it_is_last(&answer) {
            break;
        }
    }
    stream.shutdown().await
}

/// Whether the server closes the connection after this answer.
fn says_it_is_last(answer: &[u8]) -> bool {
    let line = b"\r\nconnection: close\r\n";
    answer.windows(line.len()).any(|part| part == line)
}

/// Every name has a public address, and every connection ends at the server.
struct LeadsTo(SocketAddr);

impl Network for LeadsTo {
    fn resolve<'a>(&'a self, _: &'a str) -> Networking<'a, Vec<IpAddr>> {
        Box::pin(async { Ok(vec![PUBLIC]) })
    }

    fn dial(&self, _: SocketAddr) -> Networking<'_, TcpStream> {
        Box::pin(TcpStream::connect(self.0))
    }
}
