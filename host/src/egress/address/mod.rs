//! Decides whether a connector's request may go to an address.
//!
//! A rule names a server, but the operator of the name server decides where that name leads: to this machine, to its
//! network, or to the service that gives a virtual machine its keys. So the address is judged, once it is known and
//! before it is dialed. Addresses of the public internet are open; others need the operator's permission.

mod blocks;
mod embedded;
mod special_use;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use special_use::Opener;
pub(crate) use special_use::SpecialUse;

/// Whether an address is not part of the public internet.
#[must_use]
pub fn is_special(address: IpAddr) -> bool {
    special_use(address).is_some()
}

/// The special use of this address; `None` for the public internet.
fn special_use(address: IpAddr) -> Option<SpecialUse> {
    strictest(special_parts(address.to_canonical()))
}

/// An address, or an IPv4 address inside it, with a special use.
struct SpecialPart {
    address: IpAddr,
    special_use: SpecialUse,
}

/// All special parts of a canonical address (a mapped address is IPv4); empty for the public internet.
///
/// An IPv6 address with an IPv4 address inside is judged by both. So the mapped, compatible and SIIT forms, 6to4,
/// ISATAP after a public prefix, and NAT64's `64:ff9b::/96` (the only way to IPv4 from a network without it) are as
/// public as the address inside. Teredo is special even if both addresses inside are public: it leads to a port of
/// somebody's home router, through a relay that anybody may run, and no API is served there.
fn special_parts(address: IpAddr) -> Vec<SpecialPart> {
    let part = |address, special_use: Option<SpecialUse>| {
        special_use.map(|special_use| SpecialPart {
            address,
            special_use,
        })
    };
    match address {
        IpAddr::V4(four) => part(address, blocks::of_v4(four)).into_iter().collect(),
        IpAddr::V6(six) => {
            let inside = embedded::addresses(six)
                .into_iter()
                .filter_map(|four| part(IpAddr::V4(four), blocks::of_v4(four)));
            part(address, blocks::of_v6(six))
                .into_iter()
                .chain(inside)
                .collect()
        }
    }
}

/// The strictest special use. Among equals the last one counts, which is the address inside: it is more specific than
/// the block around it.
fn strictest(parts: impl IntoIterator<Item = SpecialPart>) -> Option<SpecialUse> {
    parts
        .into_iter()
        .map(|part| part.special_use)
        .max_by_key(|special_use| special_use.opener())
}

/// The addresses of special use that a connector may reach: `allow-networks`, and the literal addresses of its rules.
#[derive(Debug)]
pub(super) struct AddressGate {
    /// Mapped networks are stored as IPv4 networks.
    networks: Vec<IpNet>,
}

impl AddressGate {
    /// A gate that opens these networks, in addition to the public internet. IPv4 is opened only by an IPv4 network
    /// or its mapped form: `::/0` is all of IPv6.
    pub(super) fn new(networks: Vec<IpNet>) -> Self {
        Self {
            networks: networks.into_iter().map(canonical).collect(),
        }
    }

    /// Whether a connection may be made to `address`. `literal` says that the host of the URL, and so of the rule
    /// that permitted it exactly, is this address itself.
    ///
    /// A network opens an address with an IPv4 address inside if it contains the whole address, or all of its special
    /// parts: `10.0.0.0/8` opens `64:ff9b::10.1.2.3`, but not the Teredo address of a client `10.1.2.3`.
    ///
    /// # Errors
    ///
    /// [`SpecialUse`]: the special use of the address that nothing has opened.
    pub(super) fn permits(&self, address: IpAddr, literal: bool) -> Result<(), SpecialUse> {
        let whole = address.to_canonical();
        let closed = special_parts(whole).into_iter().filter(|part| {
            let opened = match part.special_use.opener() {
                Opener::Nothing => false,
                Opener::ItsName => literal || self.names(whole) || self.names(part.address),
                Opener::Network => literal || self.contains(whole) || self.contains(part.address),
            };
            !opened
        });
        strictest(closed).map_or(Ok(()), Err)
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    fn names(&self, address: IpAddr) -> bool {
        self.networks.contains(&IpNet::from(address))
    }
}

/// Addresses are compared in their canonical form, so networks are kept in theirs.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(six) = network else {
        return network;
    };
    six.addr()
        .to_ipv4_mapped()
        .zip(six.prefix_len().checked_sub(96))
        .and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok())
        .map_or(network, IpNet::V4)
}
