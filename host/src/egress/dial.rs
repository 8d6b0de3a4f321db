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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::address::{AddressGate, SpecialUse};
use super::connection::{Connection, DialTimes};
use super::heads::HeadReader;
use super::host_maps::HostMaps;
use super::liveness::{ConnectionLife, IdleChecks};
use super::network::Network;
use super::origin_connections::OriginConnections;
use super::phase::{CallPhase, PhaseClock};
use super::policy::CurrentPolicy;
use super::response_warnings::ResponseWarnings;
use super::stream::Stream;
use super::tls_fault::TlsFault;
use super::wire::{Wire, WireWatch};
use crate::config::{NetworkConfig, PolicyPlace, duration_text};
use crate::lock::Mutex;

/// How long an address is tried alone before the next one is tried in parallel (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// How many names one connector looks up at once.
const LOOK_UPS: usize = 8;

/// How many origins have their connections counted before origins without connections are forgotten.
const COUNTED_ORIGINS: usize = 64;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialFault {
    #[error("the address {address} is {special_use}")]
    Forbidden {
        /// The address that is reported to the operator: the first of several.
        address: IpAddr,
        special_use: SpecialUse,
    },
    #[error("the address {address} is {special_use}, beyond {place}")]
    BeyondPolicy {
        /// As for `Forbidden`.
        address: IpAddr,
        special_use: SpecialUse,
        /// The line of the operator's policy.
        place: PolicyPlace,
    },
    #[error("could not resolve the host name")]
    Resolve(#[source] io::Error),
    #[error("the host name has no address")]
    NoAddress,
    #[error("could not connect")]
    Connect(#[source] io::Error),
    #[error("the TLS handshake failed")]
    Tls(#[source] io::Error),
    #[error("the TLS handshake failed")]
    TlsRefused(#[source] TlsFault),
    #[error("connecting took longer than {} (`network.connect-timeout`)", duration_text(*limit))]
    Timeout { limit: Duration },
    #[error("`{0}` is not a valid host")]
    Host(String),
}

/// Makes the connections of one connector.
#[derive(Clone)]
pub(super) struct Dialler(Arc<DialContext>);

struct DialContext {
    network: Arc<dyn Network>,
    maps: HostMaps,
    gate: AddressGate,
    policy: CurrentPolicy,
    tls: TlsConnector,
    /// An abandoned lookup still occupies a thread of the system's resolver.
    look_ups: Arc<Semaphore>,
    connect_timeout: Duration,
    max_per_origin: usize,
    warnings: Arc<ResponseWarnings>,
    checks: IdleChecks,
    origins: Mutex<HashMap<String, OriginConnections>>,
}

impl Dialler {
    pub(super) fn new(
        (network, maps, policy): (Arc<dyn Network>, HostMaps, CurrentPolicy),
        config: &NetworkConfig,
        tls: ClientConfig,
        warnings: Arc<ResponseWarnings>,
    ) -> Self {
        Self(Arc::new(DialContext {
            network,
            maps,
            gate: AddressGate::new(config.allow_networks.clone()),
            policy,
            tls: TlsConnector::from(Arc::new(tls)),
            look_ups: Arc::new(Semaphore::new(LOOK_UPS)),
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
        let host = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(host);
        let mapped = self.maps.addresses(uri);
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        let is_tls = is_https && mapped.is_none();
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let addresses = match mapped {
            Some(mapped) => mapped.to_vec(),
            None => {
                let found = self.addresses(host).await?;
                let with_port = |address| SocketAddr::new(address, port);
                found.into_iter().map(with_port).collect()
            }
        };
        let resolved = Instant::now();
        phases.enter(CallPhase::Tcp);
        let tcp = first_of(&self.network, addresses)
            .await
            .map_err(DialFault::Connect)?;
        let (stream, is_http2) = if is_tls {
            phases.enter(CallPhase::Tls);
            self.encrypt(host, tcp).await?
        } else {
            (Box::new(tcp) as Box<dyn Stream>, false)
        };
        let times = DialTimes {
            began,
            resolve: resolved.duration_since(began),
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
        Ok(Connection::new(wire, times, permit))
    }

    /// The addresses of a host that may be called. Forbidden ones are left out; if no other is left, they are the
    /// error.
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DialFault> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return self.judge(address, true).map(|()| vec![address]);
        }
        let mut found = self.resolve(host).await.map_err(DialFault::Resolve)?;
        let mut forbidden = None;
        found.retain(|&address| match self.judge(address, false) {
            Ok(()) => true,
            Err(fault) => {
                forbidden.get_or_insert(fault);
                false
            }
        });
        match (found.is_empty(), forbidden) {
            (false, _) => Ok(found),
            (true, Some(forbidden)) => Err(forbidden),
            (true, None) => Err(DialFault::NoAddress),
        }
    }

    /// Whether an address may be called: by the connector's rules, and by the operator's policy, to which it doesn't
    /// matter that a rule of the connector names the address itself (`literal`).
    fn judge(&self, address: IpAddr, literal: bool) -> Result<(), DialFault> {
        self.gate
            .permits(address, literal)
            .map_err(|special_use| DialFault::Forbidden {
                address,
                special_use,
            })?;
        match &self.policy.get().networks {
            Some(bound) => AddressGate::new(bound.permitted.clone())
                .permits(address, false)
                .map_err(|special_use| DialFault::BeyondPolicy {
                    address,
                    special_use,
                    place: bound.place.clone(),
                }),
            None => Ok(()),
        }
    }

    /// Looks up the addresses of a name. The lookup continues after the future is dropped, since the system's lookups
    /// can't be canceled, so it keeps its place until it ends.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        // The semaphore is never closed.
        let place = self.look_ups.clone().acquire_owned().await.ok();
        let (network, name) = (self.network.clone(), name.to_owned());
        let looking_up = tokio::spawn(async move {
            let found = network.resolve(&name).await;
            drop(place);
            found
        });
        looking_up.await?
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

/// The host of a URL, with its port if it has one.
fn authority(uri: &Uri) -> &str {
    uri.authority().map_or("", |authority| authority.as_str())
}

/// The first connection that succeeds. Addresses are tried in order, each with a head start before the next.
async fn first_of(network: &Arc<dyn Network>, addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut dialing = JoinSet::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        let next = waiting.next();
        let has_next = next.is_some();
        if let Some(address) = next {
            let network = network.clone();
            dialing.spawn(async move { network.dial(address).await });
        }
        let joined = if has_next {
            match tokio::time::timeout(HEAD_START, dialing.join_next()).await {
                Ok(joined) => joined,
                Err(_) => continue,
            }
        } else {
            dialing.join_next().await
        };
        match joined {
            Some(Ok(Ok(stream))) => return Ok(stream),
            Some(Ok(Err(error))) => failure = error,
            Some(Err(error)) => failure = error.into(),
            None => return Err(failure),
        }
    }
}
