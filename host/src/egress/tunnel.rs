//! A connection through a proxy by the method CONNECT (RFC 9110, section 9.3.6).

use std::fmt::{self, Display, Formatter};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::first_connection::first_of;
use super::network::Network;
use super::phase::{CallPhase, PhaseClock};
use super::proxy_fault::ProxyFault;
use crate::config::ProxyAddress;
use crate::report;
use crate::tunnel_head::{MAX_HEAD_BYTES, connect_request, end_of_head, read_head};

/// How much of an answer is shown.
const SHOWN_BYTES: usize = 100;

/// How many addresses of a host are tried through a proxy that can't reach the ones before.
const MAX_TARGETS: usize = 4;

/// The port that every proxy permits.
const HTTPS_PORT: u16 = 443;

/// What a proxy is asked to connect to.
#[derive(Debug, Clone)]
pub(super) enum TunnelTarget {
    /// A host as the URL has it, an IPv6 address in brackets, and a port.
    Host(String, u16),
    /// An address that this host has found for a name, and a port.
    Resolved(SocketAddr),
}

impl Display for TunnelTarget {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host, port) => write!(formatter, "{host}:{port}"),
            Self::Resolved(address) => write!(formatter, "{address}"),
        }
    }
}

impl TunnelTarget {
    /// What to do if the proxy answers with this status.
    fn advice(&self, status: u16) -> String {
        if status >= 500 {
            return format!("it could not reach {self}");
        }
        let mut advice = format!("ask its operator to permit CONNECT to {self}");
        let port = match self {
            Self::Host(_, port) => *port,
            Self::Resolved(address) => address.port(),
        };
        if port != HTTPS_PORT {
            advice.push_str(", since many proxies permit only port 443");
        }
        if matches!(self, Self::Resolved(_)) {
            advice.push_str(
                "; or set --proxy-resolves if its rules are for names: the proxy then gets the name, and the host does not \
                 check the addresses behind it",
            );
        }
        advice
    }
}

/// Connects to the first of these targets that the proxy reaches, through the proxy at these addresses. A target that the
/// proxy can't reach may take as long as the proxy waits. So each one but the last is left after a part of `time`, which is
/// that for the whole connection.
///
/// # Errors
///
/// [`ProxyFault`] of the last target that was refused; one that may pass takes precedence over a lasting one.
pub(super) async fn connect(
    network: &Arc<dyn Network>,
    (proxy, addresses): (&ProxyAddress, &[SocketAddr]),
    (mut targets, time): (Vec<TunnelTarget>, Duration),
    phases: &PhaseClock,
) -> Result<TcpStream, ProxyFault> {
    targets.truncate(MAX_TARGETS);
    let parts = u32::try_from(targets.len()).unwrap_or(u32::MAX);
    let part = time / parts.saturating_add(1);
    let mut failure: Option<ProxyFault> = None;
    let last = targets.pop();
    for target in &targets {
        let stream = dial(network, addresses).await?;
        phases.enter(CallPhase::Tunnel);
        match tokio::time::timeout(part, tunnel(stream, proxy, target)).await {
            Err(_) => {}
            Ok(Err(fault)) if fault.is_of_the_target() => failure = Some(told(failure, fault)),
            Ok(ended) => return ended,
        }
    }
    let Some(target) = last else {
        return Err(ProxyFault::ApiName(io::ErrorKind::AddrNotAvailable.into()));
    };
    let stream = dial(network, addresses).await?;
    phases.enter(CallPhase::Tunnel);
    match tunnel(stream, proxy, &target).await {
        Err(fault) if fault.is_of_the_target() => Err(told(failure, fault)),
        ended => ended,
    }
}

/// The fault of two that is reported: the newer one, unless only the older one may pass.
fn told(older: Option<ProxyFault>, newer: ProxyFault) -> ProxyFault {
    match older {
        Some(older) if newer.is_lasting() && !older.is_lasting() => older,
        _ => newer,
    }
}

/// Connects to the proxy itself.
pub(super) async fn dial(
    network: &Arc<dyn Network>,
    addresses: &[SocketAddr],
) -> Result<TcpStream, ProxyFault> {
    first_of(network, addresses.to_vec())
        .await
        .map_err(ProxyFault::Connect)
}

/// Asks for a connection to the target.
async fn tunnel(
    mut stream: TcpStream,
    proxy: &ProxyAddress,
    target: &TunnelTarget,
) -> Result<TcpStream, ProxyFault> {
    let authorization = proxy.authorization().map(|value| value.expose());
    let request = connect_request(target, authorization);
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(ProxyFault::Closed)?;
    let head = head(&mut stream).await?;
    judge(&head, proxy, target)?;
    Ok(stream)
}

/// Reads the head of the proxy's answer.
async fn head(stream: &mut TcpStream) -> Result<Vec<u8>, ProxyFault> {
    let head = read_head(stream).await.map_err(ProxyFault::Closed)?;
    if head.len() > MAX_HEAD_BYTES && end_of_head(&head).is_none() {
        return Err(ProxyFault::TooLong);
    }
    Ok(head)
}

/// Whether an answer makes the connection the one that was asked for.
fn judge(answer: &[u8], proxy: &ProxyAddress, target: &TunnelTarget) -> Result<(), ProxyFault> {
    let text = String::from_utf8_lossy(answer);
    let first = text.lines().next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split_once(' '))
        .and_then(|(_, line)| Some((line.get(..3)?.parse::<u16>().ok()?, line)));
    let Some((status, line)) = status else {
        return Err(ProxyFault::NotHttp {
            beginning: shown(first),
        });
    };
    match status {
        200..300 => match end_of_head(answer) {
            None => Err(ProxyFault::Closed(io::ErrorKind::UnexpectedEof.into())),
            Some(end) if end == answer.len() && !has_page(&text) => Ok(()),
            Some(_) => Err(ProxyFault::Page),
        },
        401 | 407 => Err(ProxyFault::Authentication {
            status,
            was_sent: proxy.authorization().is_some(),
        }),
        _ => Err(ProxyFault::Refused {
            status,
            answer: shown(line.trim()),
            advice: target.advice(status),
        }),
    }
}

/// Whether a head announces a page, as those of login pages do.
fn has_page(head: &str) -> bool {
    head.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        let value = line.strip_prefix("content-type:").map(str::trim_start);
        value.is_some_and(|value| value.starts_with("text/html"))
    })
}

fn shown(text: &str) -> String {
    report::shortened(&report::escaped(text), SHOWN_BYTES)
}

#[cfg(test)]
mod tests;
