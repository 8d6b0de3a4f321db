//! What a connector may reach, and how: section `[network]` of `NAME.toml`.

mod allowed_network;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod mistakes;
mod pem;
mod section;

pub use pem::ClientIdentity;

use std::time::Duration;

use ipnet::IpNet;
use rustls::pki_types::CertificateDer;

use super::allow::AllowList;

/// What a connector may reach, and how: section `[network]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkConfig {
    /// `allow`: the requests it may send. None of the rules lies within another.
    pub allow: AllowList,
    /// `allow-networks`: networks of special use, such as private ones, that the names of allowed
    /// rules may resolve to. Their host bits are zero, IPv4 networks are not written as IPv6, and
    /// none lies within another.
    pub allow_networks: Vec<IpNet>,
    /// `follow-redirects`: how many redirects one request follows, 0 to 20. Default 0: a redirect
    /// is a response like any other.
    pub follow_redirects: u32,
    /// `upgrade-http`: whether a request to an http URL that no rule permits goes to the https form of it, if a rule permits that.
    pub upgrade_http: bool,
    /// `title-case`: whether the names of headers are written as in `Content-Length` on HTTP/1, for servers that know them
    /// only so.
    pub title_case: bool,
    /// `connect-timeout`: resolving a name, connecting, and the TLS handshake together. Default
    /// 10 s.
    pub connect_timeout: Duration,
    /// `first-byte-timeout`: from a request on its connection to the head of the response. Default
    /// 60 s.
    pub first_byte_timeout: Duration,
    /// `idle-timeout`: between two pieces of a body. Default 30 s.
    pub idle_timeout: Duration,
    /// `total-timeout`: one exchange from beginning to end, redirects included. Default 5 min.
    pub total_timeout: Duration,
    /// `connections`: connections to one origin at once, 1 to 1024. Default 16.
    pub connections: usize,
    /// `roots`: certificates of authorities that are trusted besides Mozilla's.
    pub roots: Vec<CertificateDer<'static>>,
    /// `client-certificate` and `client-key`: what the connector's requests prove themselves with
    /// to servers that ask for it.
    pub identity: Option<ClientIdentity>,
}

impl NetworkConfig {
    /// Whether connections that were made by this would be made in the same way by `other`: to the same networks, with
    /// the same certificates, within the same bounds, and in the same spelling.
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
