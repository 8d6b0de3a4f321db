//! From a name to a connection: resolve, filter, and dial exactly the result.
//!
//! Every new connection passes through here, and a connection is reused only by its own connector for its own origin.
//! So whatever a name meant when a rule was checked, bytes go only to addresses that were checked after the lookup.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::address::AddressGate;
use super::connection::{Connection, DialTimes};
use super::dial_fault::DialFault;
use super::first_connection::first_of;
use super::heads::HeadReader;
use super::host_addresses::HostAddresses;
use super::liveness::{ConnectionLife, IdleChecks};
use super::network::Network;
use super::origin_connections::OriginConnections;
use super::passage::{Passage, PassageForm, Passages, without_brackets};
use super::phase::{CallPhase, PhaseClock};
use super::policy::CurrentPolicy;
use super::proxy_fault::ProxyFault;
use super::response_warnings::ResponseWarnings;
use super::stream::Stream;
use super::tls_fault::TlsFault;
use super::tunnel::{self, TunnelTarget};
use super::wire::{Wire, WireWatch};
use crate::config::NetworkConfig;
use crate::lock::Mutex;

/// How many origins have their connections counted before origins without connections are forgotten.
const COUNTED_ORIGINS: usize = 64;

/// Makes the connections of one connector.
#[derive(Clone)]
pub(super) struct Dialler(Arc<DialContext>);

struct DialContext {
    network: Arc<dyn Network>,
    passages: Passages,
    addresses: HostAddresses,
    tls: TlsConnector,
    connect_timeout: Duration,
    max_per_origin: usize,
    warnings: Arc<ResponseWarnings>,
    checks: IdleChecks,
    origins: Mutex<HashMap<String, OriginConnections>>,
}

/// A TCP connection, or a tunnel that takes its place.
struct DialedStream {
    stream: TcpStream,
    /// When the addresses were known.
    resolved: Instant,
    /// Whether it goes through a proxy.
    is_proxied: bool,
    /// Whether the other end is a proxy that is sent whole requests.
    is_forwarded: bool,
}

impl Dialler {
    pub(super) fn new(
        (network, passages, policy): (Arc<dyn Network>, Passages, CurrentPolicy),
        config: &NetworkConfig,
        tls: ClientConfig,
        warnings: Arc<ResponseWarnings>,
    ) -> Self {
        let gate = AddressGate::new(config.allow_networks.clone());
        Self(Arc::new(DialContext {
            addresses: HostAddresses::new(network.clone(), gate, policy),
            network,
            passages,
            tls: TlsConnector::from(Arc::new(tls)),
            connect_timeout: config.connect_timeout,
            max_per_origin: config.connections,
            warnings,
            checks: IdleChecks::default(),
            origins: Mutex::default(),
        }))
    }

    /// How many connections are open or being made.
    pub(super) fn open_connections(&self) -> usize {
        let origins = self.0.origins.lock();
        origins.values().map(OriginConnections::open).sum()
    }

    /// Controls whether the idle connections made here are checked before use.
    pub(super) fn idle_checks(&self) -> &IdleChecks {
        &self.0.checks
    }
}

impl tower_service::Service<Uri> for Dialler {
    type Response = Connection;
    type Error = DialFault;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, DialFault>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialFault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let context = self.0.clone();
        let phases = PhaseClock::of_the_dialing_request();
        Box::pin(async move {
            // Waiting for another connection to end is not part of connecting.
            let origin = context.origin(&uri);
            let permit = origin.permit().await;
            let connecting = context.connect(&uri, &origin, permit, &phases);
            let limit = context.connect_timeout;
            tokio::time::timeout(limit, connecting)
                .await
                .map_err(|_| DialFault::Timeout { limit })?
        })
    }
}

impl DialContext {
    fn origin(&self, uri: &Uri) -> OriginConnections {
        let origin = format!("{:?} {:?}", uri.scheme_str(), uri.authority());
        let mut origins = self.origins.lock();
        if origins.len() >= COUNTED_ORIGINS {
            origins.retain(|_, origin| origin.is_in_use());
        }
        origins
            .entry(origin)
            .or_insert_with(|| OriginConnections::new(self.max_per_origin))
            .clone()
    }

    async fn connect(
        &self,
        uri: &Uri,
        origin: &OriginConnections,
        permit: Option<OwnedSemaphorePermit>,
        phases: &PhaseClock,
    ) -> Result<Connection, DialFault> {
        let began = Instant::now();
        phases.enter(CallPhase::LookUp);
        let host = uri.host().unwrap_or_default();
        let mapped = self.passages.maps.addresses(uri);
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        let is_tls = is_https && mapped.is_none();
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let DialedStream {
            stream: tcp,
            resolved,
            is_proxied,
            is_forwarded,
        } = match (mapped, self.passages.of(is_https, host, port)) {
            (Some(mapped), _) => self.dial(mapped.to_vec(), phases).await?,
            (None, None) => {
                let found = self.addresses.permitted(without_brackets(host)).await?;
                let with_port = |address| SocketAddr::new(address, port);
                self.dial(found.into_iter().map(with_port).collect(), phases)
                    .await?
            }
            (None, Some(passage)) => self.pass(passage, host, port, phases).await?,
        };
        let (stream, is_http2) = if is_tls {
            phases.enter(CallPhase::Tls);
            self.encrypt(without_brackets(host), tcp).await?
        } else {
            (Box::new(tcp) as Box<dyn Stream>, false)
        };
        let times = DialTimes {
            began,
            resolve: resolved.saturating_duration_since(began),
            connect: resolved.elapsed(),
        };
        let watch = (!is_http2).then(|| {
            let life = Arc::new(ConnectionLife::new(origin.habit.clone()));
            let scheme = uri.scheme_str().unwrap_or_default();
            let origin = format!("{scheme}://{}", authority(uri));
            let heads = HeadReader::new(origin.into(), self.warnings.clone());
            WireWatch::new(life, self.checks.clone(), heads)
        });
        let wire = Wire::new(stream, watch);
        let connection = Connection::new(wire, times, permit);
        Ok(connection.passing(is_proxied, is_forwarded))
    }

    /// Connects to one of these addresses, which were judged before.
    async fn dial(
        &self,
        addresses: Vec<SocketAddr>,
        phases: &PhaseClock,
    ) -> Result<DialedStream, DialFault> {
        let resolved = Instant::now();
        phases.enter(CallPhase::Tcp);
        let stream = first_of(&self.network, addresses).await;
        Ok(DialedStream {
            stream: stream.map_err(DialFault::Connect)?,
            resolved,
            is_proxied: false,
            is_forwarded: false,
        })
    }

    /// Connects to a host through a proxy. Addresses in URLs are judged, and those of names if this host resolves them. A
    /// name of this machine is reached directly: through the proxy, it would be the proxy's machine.
    async fn pass(
        &self,
        passage: Passage<'_>,
        host: &str,
        port: u16,
        phases: &PhaseClock,
    ) -> Result<DialedStream, DialFault> {
        let error = |fault| DialFault::Proxy(passage.error(fault));
        // In a network without DNS, lookups take as long as they may. They end before everything else does, so that the
        // error is theirs: that of the API's name first, then that of the proxy's.
        let tenth = self.connect_timeout / 10;
        let began = Instant::now();
        let part = |tenths| began.checked_add(tenth.saturating_mul(tenths));
        let targets = match passage.form {
            PassageForm::TunnelByAddress => {
                let found = before(part(8), self.addresses.permitted(host)).await;
                let found = found.unwrap_or_else(|late| Err(DialFault::Resolve(late)));
                let found = found.map_err(|fault| match fault {
                    DialFault::Resolve(source) => error(ProxyFault::ApiName(source)),
                    other => other,
                })?;
                let (here, elsewhere): (Vec<IpAddr>, Vec<IpAddr>) = found
                    .into_iter()
                    .partition(|address| address.to_canonical().is_loopback());
                if elsewhere.is_empty() {
                    phases.go_directly();
                    let with_port = |address| SocketAddr::new(address, port);
                    return self
                        .dial(here.into_iter().map(with_port).collect(), phases)
                        .await;
                }
                let with_port = |address| TunnelTarget::Resolved(SocketAddr::new(address, port));
                elsewhere.into_iter().map(with_port).collect()
            }
            PassageForm::TunnelByName | PassageForm::Forward => {
                let literal = without_brackets(host);
                if literal.parse::<IpAddr>().is_ok() {
                    self.addresses.permitted(literal).await?;
                }
                vec![TunnelTarget::Host(host.to_owned(), port)]
            }
        };
        let proxy_host = passage.proxy.host();
        let found = before(part(9), self.addresses.resolve(&proxy_host)).await;
        let found = found
            .and_then(|found| found)
            .map_err(|source| error(ProxyFault::Resolve(source)))?;
        let with_port = |address| SocketAddr::new(address, passage.proxy.port());
        let addresses: Vec<SocketAddr> = found.into_iter().map(with_port).collect();
        let resolved = Instant::now();
        phases.enter(CallPhase::Tcp);
        let is_forwarded = passage.form == PassageForm::Forward;
        let connected = match is_forwarded {
            true => tunnel::dial(&self.network, &addresses).await,
            false => {
                let time = self.connect_timeout;
                let way = (passage.proxy, addresses.as_slice());
                tunnel::connect(&self.network, way, (targets, time), phases).await
            }
        };
        Ok(DialedStream {
            stream: connected.map_err(error)?,
            resolved,
            is_proxied: true,
            is_forwarded,
        })
    }

    async fn encrypt(
        &self,
        host: &str,
        tcp: TcpStream,
    ) -> Result<(Box<dyn Stream>, bool), DialFault> {
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| DialFault::Host(host.to_owned()))?;
        let stream = self.tls.connect(name, tcp).await.map_err(|error| {
            TlsFault::of_handshake(&error).map_or(DialFault::Tls(error), DialFault::TlsRefused)
        })?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((Box::new(stream), is_http2))
    }
}

/// The result of a lookup that ends by then, or an error that says it took too long. Without an end, there is none.
async fn before<L: Future>(end: Option<Instant>, lookup: L) -> io::Result<L::Output> {
    match end {
        Some(end) => tokio::time::timeout_at(end, lookup)
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the DNS lookup took too long")),
        None => Ok(lookup.await),
    }
}

/// The host of a URL, with its port if it has one.
fn authority(uri: &Uri) -> &str {
    uri.authority().map_or("", |authority| authority.as_str())
}
