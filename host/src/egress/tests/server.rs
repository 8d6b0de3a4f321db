//! A server that reports which connection a request came over, and the network that leads to it.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::super::{Egress, Network, Networking, Request, RequestBody, Upstreams};
use crate::account::HostAccount;
use crate::config::{ConnectorConfig, Limits, NetworkConfig, RateLimitConfig};
use crate::scope::{CallScope, Deadline, DeadlineReason};
use crate::waits::Waits;

/// The name whose lookups fail.
pub(super) const UNKNOWN: &str = "unknown.example.com";

/// The name that has an address of special use.
pub(super) const PRIVATE: &str = "private.example.com";

/// The name whose lookups never end.
pub(super) const SILENT: &str = "silent.example.com";

/// The name of a host that accepts no connection.
pub(super) const CLOSED: &str = "closed.example.com";

/// The name of a host that accepts connections, and never sends anything.
pub(super) const MUTE: &str = "mute.example.com";

/// The path of a response that never ends.
pub(super) const ENDLESS: &str = "/endless";

/// The path of a response that is sent as fast as it is accepted, and never ends.
pub(super) const FLOOD: &str = "/flood";

/// The path of a response whose head has this many bytes more than others.
pub(super) const LONG_HEAD: &str = "/long-head";
pub(super) const LONG_HEAD_BYTES: usize = 300 << 10;

/// How much a flood sends at a time.
const FLOOD_BYTES: usize = 16 << 10;

/// The address of every other name.
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 215, 14));

/// The addresses of the hosts that are not the server.
const CLOSED_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 215, 15));
const MUTE_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 215, 16));

/// A running server. It ends with the test's runtime.
pub(super) struct Server {
    address: SocketAddr,
    answered: Arc<AtomicUsize>,
    flooded: Arc<AtomicUsize>,
}

impl Server {
    /// A server for HTTP/1.1 without TLS.
    pub(super) async fn plain() -> Self {
        Self::start(None).await
    }

    /// A server for the protocol that the handshake agrees on.
    pub(super) async fn encrypted(config: ServerConfig) -> Self {
        Self::start(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            answered: Arc::default(),
            flooded: Arc::default(),
        };
        let counters = (server.answered.clone(), server.flooded.clone());
        tokio::spawn(async move {
            for number in 1.. {
                let (tcp, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(tcp, tls.clone(), number, counters.clone()));
            }
        });
        server
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests it has answered.
    pub(super) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// How many bytes of floods their connections accepted.
    pub(super) fn flooded(&self) -> usize {
        self.flooded.load(Ordering::SeqCst)
    }

    /// A connector with this configuration, all of whose connections end here.
    pub(super) fn egress(&self, connector: &str, network: NetworkConfig, limits: Limits) -> Egress {
        let config = ConnectorConfig {
            network,
            limits,
            // Each call is sent exactly once and without delay.
            rate_limit: RateLimitConfig {
                retries: 0,
                ..RateLimitConfig::default()
            },
            ..ConnectorConfig::default()
        };
        egress_to(self.address, connector, &config)
    }
}

/// A connector with this configuration, all of whose connections end at this address.
pub(super) fn egress_to(address: SocketAddr, connector: &str, config: &ConnectorConfig) -> Egress {
    let network = Arc::new(LeadsTo(address));
    let file = format!("{connector}.toml");
    Egress::new(connector, config, file, &Upstreams::new(network), None).unwrap()
}

/// The streams that a server uses, encrypted or not.
pub(super) trait ServerStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ServerStream for S {}

async fn serve(
    tcp: TcpStream,
    tls: Option<TlsAcceptor>,
    number: usize,
    (answered, flooded): (Arc<AtomicUsize>, Arc<AtomicUsize>),
) {
    let (stream, is_http2): (Box<dyn ServerStream>, _) = match tls {
        None => (Box::new(tcp), false),
        Some(tls) => match tls.accept(tcp).await {
            // The client ended the handshake; the test is about the client's error.
            Err(_) => return,
            Ok(stream) => {
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                (Box::new(stream), is_http2)
            }
        },
    };
    let service = service_fn(move |request: http::Request<Incoming>| {
        answered.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok::<_, Infallible>(answer(&request, number, &flooded)))
    });
    let io = TokioIo::new(stream);
    // The client decides how it ends.
    let _ended = if is_http2 {
        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(io, service)
            .await
    } else {
        hyper::server::conn::http1::Builder::new()
            .serve_connection(io, service)
            .await
    };
}

/// The number of the connection, with the status that the path asks for.
fn answer(
    request: &http::Request<Incoming>,
    number: usize,
    flooded: &Arc<AtomicUsize>,
) -> http::Response<Number> {
    let path = request.uri().path();
    let mut response = http::Response::new(Number {
        text: Some(number.to_string().into()),
        has_end: path != ENDLESS,
        flooded: (path == FLOOD).then(|| flooded.clone()),
    });
    if path == LONG_HEAD {
        let value = "x".repeat(LONG_HEAD_BYTES / 100);
        for _ in 0..100 {
            let value = value.parse().unwrap();
            response.headers_mut().append("x-long", value);
        }
    }
    let status = path.trim_start_matches('/').parse();
    *response.status_mut() = status.unwrap_or(StatusCode::OK);
    response
}

/// A body that may wait forever after its only piece, or be a flood that is counted.
struct Number {
    text: Option<Bytes>,
    has_end: bool,
    flooded: Option<Arc<AtomicUsize>>,
}

impl Body for Number {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(flooded) = &self.flooded {
            flooded.fetch_add(FLOOD_BYTES, Ordering::SeqCst);
            let piece = Bytes::from_static(&[b'x'; FLOOD_BYTES]);
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match self.text.take() {
            Some(text) => Poll::Ready(Some(Ok(Frame::data(text)))),
            None if self.has_end => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

/// Names have a public address, and connections end at the server, except for a few names.
struct LeadsTo(SocketAddr);

impl Network for LeadsTo {
    fn resolve<'a>(&'a self, name: &'a str) -> Networking<'a, Vec<IpAddr>> {
        Box::pin(async move {
            match name {
                UNKNOWN => Err(io::Error::other("the name is unknown")),
                SILENT => std::future::pending().await,
                CLOSED => Ok(vec![CLOSED_ADDRESS]),
                MUTE => Ok(vec![MUTE_ADDRESS]),
                PRIVATE => Ok(vec![IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))]),
                _ => Ok(vec![PUBLIC]),
            }
        })
    }

    fn dial(&self, address: SocketAddr) -> Networking<'_, TcpStream> {
        let server = self.0;
        Box::pin(async move {
            match address.ip() {
                CLOSED_ADDRESS => std::future::pending().await,
                MUTE_ADDRESS => {
                    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                    let address = listener.local_addr()?;
                    // It listens for as long as the tests run, and never empties its queue.
                    std::mem::forget(listener);
                    TcpStream::connect(address).await
                }
                _ => TcpStream::connect(server).await,
            }
        })
    }
}

/// A page with these limits, and an hour's time.
pub(super) fn page(limits: &Limits) -> Arc<CallScope> {
    page_with_waits(limits, Arc::default())
}

/// As [`page`], with waits that the test observes.
pub(super) fn page_with_waits(limits: &Limits, waits: Arc<Waits>) -> Arc<CallScope> {
    let hour = Duration::from_secs(60 * 60);
    let deadline = Deadline::new(Instant::now(), hour, DeadlineReason::PageTimeout);
    Arc::new(CallScope::new(
        limits,
        deadline,
        waits,
        &HostAccount::new(u64::MAX),
    ))
}

/// As [`page`], for a host that has this much memory.
pub(super) fn page_of(limits: &Limits, host: &Arc<HostAccount>) -> Arc<CallScope> {
    Arc::new(CallScope::of_a_page(limits, host))
}

/// A request without headers.
pub(super) fn request(method: &str, url: &str, body: &str) -> Request {
    Request {
        method: method.to_owned(),
        body: RequestBody::Whole(body.as_bytes().to_vec()),
        ..Request::get(url)
    }
}
