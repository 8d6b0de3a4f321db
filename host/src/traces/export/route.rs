//! The way to the collector: directly, or through a proxy of the host's settings.
//!
//! Unlike for connectors, no address is judged here, since the operator names the collector. So a proxy gets its name. The
//! URLs of this machine are always requested directly.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;
use url::Url;

use crate::config::{ProxyAddress, ProxyConfig};
use crate::report;
use crate::tunnel_head::{connect_request, end_of_head, read_head};

/// How much of its first line is shown.
const SHOWN_BYTES: usize = 100;

type RouteCause = Box<dyn Error + Send + Sync>;

/// Connects to the collector. Clones do the same.
#[derive(Debug, Clone)]
pub(super) struct CollectorRoute {
    connector: HttpConnector,
    proxy: Option<CollectorProxy>,
}

/// The proxy in between.
#[derive(Debug, Clone)]
struct CollectorProxy {
    address: ProxyAddress,
    uri: Uri,
    /// Whether it is asked for a connection to the collector (RFC 9110, section 9.3.6), as for `https`. Otherwise it gets
    /// the requests themselves.
    has_tunnel: bool,
}

/// A proxy doesn't connect to the collector.
#[derive(Debug, thiserror::Error)]
pub(super) enum CollectorProxyFault {
    /// The proxy itself can't be reached.
    #[error("the proxy {proxy} can't be reached")]
    Connect {
        proxy: String,
        #[source]
        source: RouteCause,
    },
    /// The connection to the proxy broke off.
    #[error("the proxy {proxy} closed the connection")]
    Closed {
        proxy: String,
        #[source]
        source: io::Error,
    },
    /// The proxy has another answer than was asked for.
    #[error("the proxy {proxy} does not connect to {target}: it answered `{answer}`")]
    Refused {
        proxy: String,
        target: String,
        answer: String,
    },
}

impl CollectorRoute {
    /// The way to this URL. `None` if the proxy's own URL can't be requested.
    pub(super) fn new(url: &Url, proxies: &ProxyConfig) -> Option<Self> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        let has_tunnel = url.scheme() == "https";
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_or_known_default().unwrap_or_default();
        let proxy = match proxies.for_host(has_tunnel, host, port) {
            None => None,
            Some(address) => Some(CollectorProxy {
                uri: address.to_string().parse().ok()?,
                address: address.clone(),
                has_tunnel,
            }),
        };
        Some(Self { connector, proxy })
    }

    /// The proxy, without user and password. `None` if there is none.
    pub(super) fn proxy(&self) -> Option<String> {
        let proxy = self.proxy.as_ref()?;
        Some(proxy.address.to_string())
    }

    /// The header that each request must have because the proxy reads it.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let proxy = self.proxy.as_ref().filter(|proxy| !proxy.has_tunnel)?;
        proxy.authorization()
    }
}

impl CollectorProxy {
    fn authorization(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(self.address.authorization()?.expose()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    async fn connect(
        &self,
        mut connector: HttpConnector,
        target: &Uri,
    ) -> Result<CollectorStream, CollectorProxyFault> {
        let proxy = || self.address.to_string();
        let connected = connector.call(self.uri.clone()).await;
        let stream = connected.map_err(|error| CollectorProxyFault::Connect {
            proxy: proxy(),
            source: error.into(),
        })?;
        let mut stream = stream.into_inner();
        if !self.has_tunnel {
            return Ok(CollectorStream {
                stream,
                is_forwarded: true,
            });
        }
        let target = format!(
            "{}:{}",
            target.host().unwrap_or_default(),
            target.port_u16().unwrap_or(443)
        );
        let closed = |source| CollectorProxyFault::Closed {
            proxy: proxy(),
            source,
        };
        let answer = self.ask(&mut stream, &target).await.map_err(closed)?;
        if !is_tunnel(&answer) {
            let text = String::from_utf8_lossy(&answer);
            let first = text.lines().next().unwrap_or_default();
            return Err(CollectorProxyFault::Refused {
                proxy: proxy(),
                target,
                answer: report::shortened(&report::escaped(first.trim()), SHOWN_BYTES),
            });
        }
        Ok(CollectorStream {
            stream,
            is_forwarded: false,
        })
    }

    /// Asks for a connection to the target. Returns the answer, as far as it was read.
    async fn ask(&self, stream: &mut TcpStream, target: &str) -> io::Result<Vec<u8>> {
        let authorization = self.address.authorization().map(|value| value.expose());
        let request = connect_request(&target, authorization);
        stream.write_all(request.as_bytes()).await?;
        read_head(stream).await
    }
}

/// Whether an answer makes the connection the one that was asked for: with nothing after its head, since in TLS, the client
/// speaks first.
fn is_tunnel(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let status = text
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.lines().next()?.split(' ').nth(1));
    status.is_some_and(|status| status.len() == 3 && status.starts_with('2'))
        && end_of_head(answer) == Some(answer.len())
}

impl Service<Uri> for CollectorRoute {
    type Response = TokioIo<CollectorStream>;
    type Error = RouteCause;
    type Future =
        Pin<Box<dyn Future<Output = Result<TokioIo<CollectorStream>, RouteCause>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), RouteCause>> {
        self.connector.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let (mut connector, proxy) = (self.connector.clone(), self.proxy.clone());
        Box::pin(async move {
            let stream = match proxy {
                Some(proxy) => proxy.connect(connector, &target).await?,
                None => CollectorStream {
                    stream: connector.call(target).await?.into_inner(),
                    is_forwarded: false,
                },
            };
            Ok(TokioIo::new(stream))
        })
    }
}

/// A connection to the collector, or to a proxy that gets the requests.
#[derive(Debug)]
pub(super) struct CollectorStream {
    stream: TcpStream,
    /// A proxy gets the requests, and needs their whole URLs (RFC 9112, section 3.2.2).
    is_forwarded: bool,
}

impl Connection for CollectorStream {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.is_forwarded)
    }
}

impl AsyncRead for CollectorStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CollectorStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn answer_is_read_up_to_its_empty_line_while_the_connection_stays_open() {
        for (pieces, is_tunnel) in [
            (&["HTTP/1.1 200 OK\r\n\r\n"][..], true),
            (&["HT", "TP/1.1 200 OK\r\n", "a: b\n\n"], true),
            (&["HTTP/1.1 403 No\r\ncontent-length: 4\r\n\r\npage"], false),
            (&["HTTP/1.1 200 OK\r\n\r\npage"], false),
            (&["<html>Log in</html>"], false),
        ] {
            let (mut proxy, mut stream) = tokio::io::duplex(1 << 10);
            let sending = tokio::spawn(async move {
                for piece in pieces {
                    proxy.write_all(piece.as_bytes()).await.unwrap();
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                proxy
            });
            let reading = tokio::time::timeout(Duration::from_secs(9), read_head(&mut stream));
            let answer = reading.await.unwrap().unwrap();
            assert_eq!(super::is_tunnel(&answer), is_tunnel, "{pieces:?}");
            assert_eq!(answer, pieces.concat().as_bytes());
            drop(sending.await.unwrap());
        }
        let cut = b"HTTP/1.1 200 OK\r\n";
        assert_eq!(read_head(&mut &cut[..]).await.unwrap(), cut);
        assert!(!super::is_tunnel(cut));
        assert!(read_head(&mut &b""[..]).await.is_err());
    }

    #[test]
    fn proxy_is_that_of_the_scheme_unless_the_host_is_exempt() {
        let proxies = ProxyConfig {
            https: "http://secure.example.net:3128".parse().ok(),
            http: "http://weld:hunter2@plain.example.net:3128".parse().ok(),
            exemptions: "inside.example.com,10.0.0.0/8,2001:db8::/32"
                .parse()
                .unwrap(),
            host_resolves: true,
        };
        let secure = Some("http://secure.example.net:3128");
        let plain = Some("http://plain.example.net:3128");
        for (url, expected) in [
            ("https://collector.example.com/v1/traces", secure),
            ("http://collector.example.com:4318/v1/traces", plain),
            ("https://inside.example.com/v1/traces", None),
            ("https://otlp.inside.example.com/v1/traces", None),
            ("http://10.1.2.3:4318/v1/traces", None),
            ("http://[2001:db8::1]:4318/v1/traces", None),
            ("http://[2001:db9::1]:4318/v1/traces", plain),
            ("http://localhost:4318/v1/traces", None),
            ("http://127.0.0.1:4318/v1/traces", None),
            ("https://[::1]/v1/traces", None),
        ] {
            let route = CollectorRoute::new(&url.parse().unwrap(), &proxies).unwrap();
            assert_eq!(route.proxy().as_deref(), expected, "{url}");
            assert_eq!(route.authorization().is_some(), expected == plain, "{url}");
            let shown = format!("{route:?}");
            assert!(
                !shown.contains("hunter2") && !shown.contains("d2Vs"),
                "{shown}"
            );
        }
        let url = "https://collector.example.com".parse().unwrap();
        let route = CollectorRoute::new(&url, &ProxyConfig::default()).unwrap();
        assert_eq!(route.proxy(), None);
    }
}
