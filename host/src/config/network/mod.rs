//! The hosts that a connector may reach, and how: section `[network]` of `NAME.toml`.

mod allowed_network;
#[cfg(test)]
pub(super) mod fixtures;
#[cfg(test)]
mod mistakes;
mod pem;
mod section;

pub(super) use allowed_network::parse as parse_network;
pub use pem::ClientIdentity;
pub(super) use pem::{PemFault, chain, private_key, roots};

use std::time::Duration;

use ipnet::IpNet;
use rustls::pki_types::CertificateDer;

use super::allow::AllowList;

/// The hosts that a connector may reach, and how: section `[network]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkConfig {
    /// `allow`: the requests that the connector may send. No rule covers another.
    pub allow: AllowList,
    /// `allow-networks`: networks of special use, such as private ones, that the names of allowed rules may resolve to.
    /// Their host bits are zero, IPv4 networks are not in IPv6 form, and no network contains another.
    pub allow_networks: Vec<IpNet>,
    /// `follow-redirects`: how many redirects one request follows, 0 to 20. Default 0: a redirect is returned like any
    /// other response.
    pub follow_redirects: u32,
    /// `upgrade-http`: whether a request to an http URL that no rule permits goes to its https form, if a rule permits
    /// that. Default false.
    pub upgrade_http: bool,
    /// `title-case`: whether HTTP/1 header names are written as in `Content-Length`, for servers that require it.
    /// Default false.
    pub title_case: bool,
    /// `traceparent`: whether requests carry the header `traceparent`, by which the API can continue the page's trace, if
    /// that is recorded. Default false.
    pub traceparent: bool,
    /// `connect-timeout`: resolving a name, connecting and the TLS handshake together. Default 10 s.
    pub connect_timeout: Duration,
    /// `first-byte-timeout`: from sending a request until the head of the response. Default 60 s.
    pub first_byte_timeout: Duration,
    /// `idle-timeout`: between two parts of a body. Default 30 s.
    pub idle_timeout: Duration,
    /// `total-timeout`: one whole exchange, including redirects. Default 5 min.
    pub total_timeout: Duration,
    /// `connections`: connections to one origin at once, 1 to 1024. Default 16.
    pub connections: usize,
    /// `roots`: certificates of authorities that are trusted in addition to Mozilla's.
    pub roots: Vec<CertificateDer<'static>>,
    /// `client-certificate` and `client-key`: the identity of the connector for servers that request one.
    pub identity: Option<ClientIdentity>,
}

impl NetworkConfig {
    /// Whether the other configuration connects in the same way: to the same networks, with the same certificates,
    /// within the same limits, and with the same spelling of headers.
    pub fn connects_as(&self, other: &Self) -> bool {
        self.allow_networks == other.allow_networks
            && self.connect_timeout == other.connect_timeout
            && self.connections == other.connections
            && self.title_case == other.title_case
            && self.roots == other.roots
            && self.identity == other.identity
    }
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            allow: AllowList::default(),
            allow_networks: Vec::new(),
            follow_redirects: 0,
            upgrade_http: false,
            title_case: false,
            traceparent: false,
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(5 * 60),
            connections: 16,
            roots: Vec::new(),
            identity: None,
        }
    }
}
