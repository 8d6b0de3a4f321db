//! The address of the client that a request comes from.
//!
//! It is the address of the connection's other end, unless that is a trusted proxy (`--trusted-proxies`). A trusted
//! proxy says in `X-Forwarded-For` or `Forwarded` for whom it passes the request on, and the client is the last address
//! there that is not a trusted proxy's. Whatever is before that address may be made up.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;
use ipnet::IpNet;

use super::forwarded::{self, Hop};

/// The proxies whose word about a client counts. Clones are the same proxies.
#[derive(Debug, Clone, Default)]
pub(super) struct TrustedProxies {
    networks: Arc<[IpNet]>,
    /// Whether the log has said that both headers name different clients.
    has_warned: Arc<AtomicBool>,
}

/// Where a connection's requests come from.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// The connection's other end, IPv4 in its own form. `None` if it is gone already.
    peer: Option<IpAddr>,
    proxies: TrustedProxies,
}

impl TrustedProxies {
    /// The proxies in these networks.
    pub(super) fn new(networks: &[IpNet]) -> Self {
        Self {
            networks: networks.into(),
            has_warned: Arc::default(),
        }
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// Warns of both headers with different clients, once: every request through that proxy would repeat it.
    fn warn_of_both(&self, proxy: IpAddr) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %proxy,
                "requests from a trusted proxy have both `X-Forwarded-For` and `Forwarded`, which name different clients, so \
                 the proxy's own address is used: let the proxy remove the header that it doesn't set"
            );
        }
    }
}

impl Caller {
    /// The caller at the other end of a connection.
    pub(super) fn new(peer: Option<IpAddr>, proxies: TrustedProxies) -> Self {
        Self {
            peer: peer.map(|peer| peer.to_canonical()),
            proxies,
        }
    }

    /// The connection's other end.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Whether the connection comes from this machine, be it from a proxy here.
    pub(super) fn is_local(&self) -> bool {
        self.peer.is_some_and(|peer| peer.is_loopback())
    }

    /// Whether the connection is the client's own rather than a trusted proxy's.
    pub(super) fn is_client(&self) -> bool {
        !self.peer.is_some_and(|peer| self.proxies.contain(peer))
    }

    /// The address of the client that sent a request with these headers. `None` if the connection's other end is gone
    /// already.
    ///
    /// The proxy's own address stands for a client that it doesn't name: without these headers; if its last word is
    /// `unknown`, an identifier that hides the address, or can't be read; if both headers name different clients, since
    /// one of them may be the client's own.
    pub(super) fn client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = self.peer?;
        if !self.proxies.contain(peer) {
            return Some(peer);
        }
        let named = |entries: fn(&HeaderMap, &mut dyn FnMut(Hop))| {
            let mut client = None;
            let mut is_there = false;
            entries(headers, &mut |hop| {
                is_there = true;
                client = match hop {
                    Hop::Hidden => None,
                    Hop::Address(address) if self.proxies.contain(address) => {
                        client.or(Some(address))
                    }
                    Hop::Address(address) => Some(address),
                };
            });
            is_there.then_some(client)
        };
        let by_x_forwarded_for = named(forwarded::x_forwarded_for);
        let by_forwarded = named(forwarded::forwarded);
        let client = match (by_x_forwarded_for, by_forwarded) {
            (Some(client), None) | (None, Some(client)) => client,
            (Some(one), Some(other)) if one == other => one,
            (Some(_), Some(_)) => {
                self.proxies.warn_of_both(peer);
                None
            }
            (None, None) => None,
        };
        Some(client.unwrap_or(peer))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const PROXIES: [&str; 3] = ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8"];

    fn client(peer: &str, lines: &[(&str, &str)]) -> String {
        let networks = PROXIES.map(|network| network.parse().expect(network));
        let headers = lines.iter().map(|(name, value)| {
            let name = HeaderName::try_from(*name).expect(name);
            (name, HeaderValue::try_from(*value).expect(value))
        });
        let caller = Caller::new(
            Some(peer.parse().expect(peer)),
            TrustedProxies::new(&networks),
        );
        let client = caller.client(&headers.collect());
        client.expect("the peer is known").to_string()
    }

    #[test]
    fn header_of_an_untrusted_peer_is_ignored() {
        for peer in [
            "203.0.113.9",
            "::ffff:203.0.113.9",
            "2001:db8::9",
            "11.0.0.1",
        ] {
            let expected = peer.trim_start_matches("::ffff:");
            for name in ["x-forwarded-for", "forwarded"] {
                for value in [
                    "198.51.100.1",
                    "for=198.51.100.1",
                    "10.0.0.1",
                    "for=10.0.0.1",
                ] {
                    assert_eq!(client(peer, &[(name, value)]), expected, "{name}: {value}");
                }
            }
        }
    }

    #[test]
    fn client_is_the_last_address_that_belongs_to_no_proxy() {
        for (value, expected) in [
            ("198.51.100.1", "198.51.100.1"),
            ("192.0.2.7, 198.51.100.1", "198.51.100.1"),
            ("192.0.2.7, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("192.0.2.7,198.51.100.1,10.0.0.2,fd00::1", "198.51.100.1"),
            // All are proxies: the first one began.
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            // Nothing behind a word that can't be read counts.
            ("198.51.100.1, unknown", "10.0.0.1"),
            ("198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("198.51.100.1, garbage, 10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("unknown, 198.51.100.1", "198.51.100.1"),
            ("", "10.0.0.1"),
            (" , ,, ", "10.0.0.1"),
            ("198.51.100.1, ,", "198.51.100.1"),
            ("::ffff:10.0.0.2", "10.0.0.2"),
            ("::ffff:198.51.100.1, ::ffff:10.0.0.2", "198.51.100.1"),
        ] {
            let found = client("10.0.0.1", &[("x-forwarded-for", value)]);
            assert_eq!(found, expected, "X-Forwarded-For: {value}");
        }
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(
            client("::ffff:10.0.0.1", &[("x-forwarded-for", "192.0.2.7")]),
            "192.0.2.7"
        );
    }

    #[test]
    fn lines_of_a_header_are_one_list() {
        let lines = [
            ("x-forwarded-for", "192.0.2.7"),
            ("x-forwarded-for", "198.51.100.1, 10.0.0.3"),
            ("x-forwarded-for", "10.0.0.2"),
        ];
        assert_eq!(client("10.0.0.1", &lines), "198.51.100.1");
        let lines = [
            ("forwarded", "for=192.0.2.7"),
            ("forwarded", "for=198.51.100.1;proto=https"),
            ("forwarded", "for=10.0.0.2"),
        ];
        assert_eq!(client("10.0.0.1", &lines), "198.51.100.1");
    }

    #[test]
    fn both_headers_count_only_if_they_name_the_same_client() {
        let both = |one, other| {
            let lines = [("x-forwarded-for", one), ("forwarded", other)];
            client("10.0.0.1", &lines)
        };
        assert_eq!(both("192.0.2.7", "for=192.0.2.7"), "192.0.2.7");
        assert_eq!(
            both("9.9.9.9, 192.0.2.7", "for=\"192.0.2.7:80\""),
            "192.0.2.7"
        );
        for (one, other) in [
            ("192.0.2.7", "for=192.0.2.8"),
            ("192.0.2.7", "for=unknown"),
            ("192.0.2.7", "garbage"),
            ("unknown", "for=192.0.2.7"),
        ] {
            assert_eq!(both(one, other), "10.0.0.1", "{one} and {other}");
        }
    }

    #[test]
    fn only_a_proxy_is_not_the_client_itself() {
        let caller = |peer: &str| {
            let networks = ["10.0.0.0/8".parse().expect("a network")];
            Caller::new(peer.parse().ok(), TrustedProxies::new(&networks))
        };
        assert!(caller("192.0.2.7").is_client() && caller("").is_client());
        assert!(!caller("10.0.0.1").is_client());
        assert!(caller("::ffff:127.0.0.1").is_local() && !caller("10.0.0.1").is_local());
    }
}
