//! Why there is no connection.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use super::address::SpecialUse;
use super::proxy_fault::ProxyError;
use super::tls_fault::TlsFault;
use crate::config::{PolicyPlace, duration_text};

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
    #[error("there is no connection through the proxy")]
    Proxy(#[source] ProxyError),
    #[error("the TLS handshake failed")]
    Tls(#[source] io::Error),
    #[error("the TLS handshake failed")]
    TlsRefused(#[source] TlsFault),
    #[error("connecting took longer than {} (`network.connect-timeout`)", duration_text(*limit))]
    Timeout { limit: Duration },
    #[error("`{0}` is not a valid host")]
    Host(String),
}
