//! The hosts that are reached without a proxy.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use url::Host;

use crate::report;

/// Hosts that are reached without a proxy, as `NO_PROXY` lists them. This machine itself always is: through a proxy, its
/// loopback addresses would be the proxy's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyExemptions(Vec<Exemption>);

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exemption {
    /// `*`: every host.
    All,
    /// A name with all names below it, at one port or at all. As for curl, a dot in front makes no difference.
    Name {
        /// In lower case, without a dot in front.
        name: String,
        /// Whether it was written with `*.` in front: the names below it, but not the name itself.
        only_below: bool,
        /// The port; `None` for every port.
        port: Option<u16>,
    },
    /// Addresses in URLs, at one port or at all. Addresses that a name resolves to don't count.
    Network(IpNet, Option<u16>),
}

/// The largest number of entries.
const MAX_ENTRIES: usize = 1_000;

/// How much of a wrong entry a message shows.
const SHOWN_BYTES: usize = 100;

/// An entry of the list that is neither a name nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExemptionError {
    /// This entry is neither a name nor a network.
    #[error(
        "`{0}` is neither a host name nor an address or network: write names, addresses and networks with commas between \
         them, such as `internal.example.com,10.0.0.0/8`"
    )]
    Entry(String),
    /// There are too many entries.
    #[error("more than {MAX_ENTRIES} entries: name the domains or networks that contain them")]
    TooMany,
}

impl ProxyExemptions {
    /// Whether this host, a name in ASCII or an address without brackets, is reached directly.
    pub(super) fn include(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        let is_here = match address {
            Some(address) => address.to_canonical().is_loopback(),
            None => host == "localhost" || host.ends_with(".localhost"),
        };
        let is_listed = |exemption: &Exemption| exemption.includes(&host, address, port);
        is_here || self.0.iter().any(is_listed)
    }
}

impl Exemption {
    fn includes(&self, host: &str, address: Option<IpAddr>, at: u16) -> bool {
        match self {
            Self::All => true,
            Self::Name {
                name,
                only_below,
                port,
            } => {
                let rest = host.strip_suffix(name.as_str());
                let is_meant = match rest {
                    Some("") => !only_below,
                    Some(rest) => rest.ends_with('.'),
                    None => false,
                };
                is_meant && port.is_none_or(|port| port == at)
            }
            Self::Network(network, port) => {
                address.is_some_and(|address| network.contains(&address.to_canonical()))
                    && port.is_none_or(|port| port == at)
            }
        }
    }
}

impl FromStr for Exemption {
    type Err = ExemptionError;

    fn from_str(text: &str) -> Result<Self, ExemptionError> {
        if text == "*" {
            return Ok(Self::All);
        }
        if let Some(network) = network(text) {
            return Ok(Self::Network(network, None));
        }
        let error =
            || ExemptionError::Entry(report::shortened(&report::escaped(text), SHOWN_BYTES));
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !text.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| error())?))
            }
            _ => (text, None),
        };
        let bare = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(network) = network(bare.unwrap_or(host)) {
            return Ok(Self::Network(network, port));
        }
        let below = host.strip_prefix("*.");
        let name = below.unwrap_or(host).trim_start_matches('.');
        let name = name.trim_end_matches('.');
        let is_name = |name: &str| {
            let mut bytes = name.bytes();
            bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        let name = match Host::parse(name) {
            Ok(Host::Domain(name)) if is_name(&name) => name,
            _ => return Err(error()),
        };
        Ok(Self::Name {
            name,
            only_below: below.is_some(),
            port,
        })
    }
}

fn network(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(address)
}

impl FromStr for ProxyExemptions {
    type Err = ExemptionError;

    /// Reads entries with commas or spaces between them.
    fn from_str(text: &str) -> Result<Self, ExemptionError> {
        let entries = text.split([',', ' ', '\t', '\n']);
        let entries = entries.filter(|entry| !entry.is_empty());
        if entries.clone().count() > MAX_ENTRIES {
            return Err(ExemptionError::TooMany);
        }
        Ok(Self(entries.map(str::parse).collect::<Result<_, _>>()?))
    }
}

impl fmt::Display for Exemption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = match self {
            Self::All => return formatter.write_str("*"),
            Self::Name {
                name,
                only_below,
                port,
            } => {
                let star = if *only_below { "*." } else { "" };
                write!(formatter, "{star}{name}")?;
                port
            }
            Self::Network(network, port) => {
                match (network, port) {
                    (IpNet::V6(_), Some(_)) => write!(formatter, "[{network}]")?,
                    _ => write!(formatter, "{network}")?,
                }
                port
            }
        };
        match port {
            Some(port) => write!(formatter, ":{port}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ProxyExemptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: Vec<_> = self.0.iter().map(Exemption::to_string).collect();
        formatter.write_str(&entries.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below_a_name_networks_and_ports_are_included() {
        let list = "internal.example.com, .dotted.example.com,*.star.example.com,10.0.0.0/8,192.0.2.7,2001:db8::/32,\
                    at.example.com:8080,[2001:db9::1]:443,[2001:db9::2],gr\u{fc}n.example";
        let exemptions: ProxyExemptions = list.parse().unwrap();
        for (host, port, expected) in [
            ("internal.example.com", 443, true),
            ("INTERNAL.example.com.", 443, true),
            ("a.internal.example.com", 443, true),
            ("notinternal.example.com", 443, false),
            ("example.com", 443, false),
            ("dotted.example.com", 443, true),
            ("a.dotted.example.com", 443, true),
            ("star.example.com", 443, false),
            ("a.b.star.example.com", 443, true),
            ("10.1.2.3", 80, true),
            ("11.1.2.3", 80, false),
            ("192.0.2.7", 80, true),
            ("192.0.2.8", 80, false),
            ("::ffff:10.1.2.3", 80, true),
            ("2001:db8::7", 443, true),
            ("at.example.com", 8080, true),
            ("at.example.com", 443, false),
            ("2001:db9::1", 443, true),
            ("2001:db9::1", 80, false),
            ("2001:db9::2", 80, true),
            ("xn--grn-ioa.example", 443, true),
            ("localhost", 80, true),
            ("127.9.9.9", 80, true),
            ("::1", 80, true),
        ] {
            assert_eq!(exemptions.include(host, port), expected, "{host}:{port}");
        }
        let again: ProxyExemptions = exemptions.to_string().parse().unwrap();
        assert_eq!(again, exemptions);
    }

    #[test]
    fn star_includes_everything_and_nothing_only_this_machine() {
        for (list, expected) in [("*", true), ("", false), (" , ", false)] {
            let exemptions: ProxyExemptions = list.parse().unwrap();
            assert_eq!(
                exemptions.include("api.example.com", 443),
                expected,
                "{list:?}"
            );
            assert!(exemptions.include("localhost", 443), "{list:?}");
        }
    }

    #[test]
    fn other_entries_are_refused() {
        for list in [
            "http://example.com",
            "10.0.0.0/33",
            "a b:x",
            "exa$mple",
            "127.*",
            "<local>",
            "example.com:https",
            ".",
        ] {
            assert!(list.parse::<ProxyExemptions>().is_err(), "{list}");
        }
        let many = "a.example.com,".repeat(MAX_ENTRIES);
        assert!(many.parse::<ProxyExemptions>().is_ok());
        let more = format!("{many}b.example.com");
        assert_eq!(
            more.parse::<ProxyExemptions>(),
            Err(ExemptionError::TooMany)
        );
    }
}
