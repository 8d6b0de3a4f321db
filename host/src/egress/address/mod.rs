//! May a connector's request go to this address?
//!
//! A rule names a server, but whoever runs its name server decides where that name leads: to this machine, to its
//! network, to the service that gives a virtual machine its keys. So the address is judged, once it is known and before
//! it is dialled. Those of the public internet are free; the others need the operator's word.

mod blocks;
mod embedded;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Why an address is not one of the public internet's. The text completes "the address is …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpecialUse {
    /// `0.0.0.0` and `::`, which reach the host's own machine.
    #[error("the unspecified address")]
    Unspecified,
    /// The rest of `0.0.0.0/8`.
    #[error("an address of \"this network\"")]
    ThisNetwork,
    #[error("a loopback address")]
    Loopback,
    #[error("a private address")]
    Private,
    /// `100.64.0.0/10`, between a carrier and its customers; some clouds put their own services there.
    #[error("an address of a carrier's shared space")]
    CarrierNat,
    #[error("a link-local address")]
    LinkLocal,
    #[error("a unique local address")]
    UniqueLocal,
    /// `fec0::/10`, deprecated, but routed wherever it is still set up.
    #[error("a site-local address")]
    SiteLocal,
    #[error("a multicast address")]
    Multicast,
    #[error("the broadcast address")]
    Broadcast,
    #[error("an address for documentation")]
    Documentation,
    #[error("an address for benchmarks")]
    Benchmarking,
    /// `64:ff9b:1::/48`: leads through a translator of the local network to an IPv4 address of its choice.
    #[error("an address of a local translator to IPv4")]
    LocalTranslation,
    /// `100::/64`.
    #[error("an address whose traffic is discarded")]
    Discard,
    /// Kept for protocols or for the future, Teredo among them.
    #[error("a reserved address")]
    Reserved,
    /// A service that hands a machine its settings, often with credentials. Its address may be in any block, even in a
    /// public one.
    #[error("the address of a cloud's metadata service")]
    Metadata,
}

/// What opens an address of special use, from the lightest to the strictest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum OpenedBy {
    /// A network that contains it, or its own mention in a rule.
    Network,
    /// A network of this address alone, or its own mention in a rule: whoever opens `169.254.0.0/16` has not thought
    /// of credentials.
    ItsName,
    /// No connection to it has a meaning of its own; `0.0.0.0` would be loopback by another name.
    Nothing,
}

impl SpecialUse {
    /// Whether `allow-networks` can open it.
    pub(super) fn can_be_allowed(self) -> bool {
        self.opened_by() != OpenedBy::Nothing
    }

    fn opened_by(self) -> OpenedBy {
        match self {
            Self::Unspecified | Self::Multicast | Self::Broadcast => OpenedBy::Nothing,
            Self::Metadata => OpenedBy::ItsName,
            Self::ThisNetwork
            | Self::Loopback
            | Self::Private
            | Self::CarrierNat
            | Self::LinkLocal
            | Self::UniqueLocal
            | Self::SiteLocal
            | Self::Documentation
            | Self::Benchmarking
            | Self::LocalTranslation
            | Self::Discard
            | Self::Reserved => OpenedBy::Network,
        }
    }
}

/// Why not anybody may reach this address; `None` for the public internet.
#[cfg(test)]
fn special_use(address: IpAddr) -> Option<SpecialUse> {
    strictest(special_parts(address.to_canonical()))
}

/// An address, or an IPv4 address inside of it, that is of special use.
struct SpecialPart {
    address: IpAddr,
    special_use: SpecialUse,
}

/// All that is special in a canonical address, which is IPv4 where it is mapped; nothing for the public internet's.
///
/// An IPv6 address with an IPv4 address inside is judged by both. So the mapped, compatible and SIIT forms, 6to4,
/// ISATAP after a public prefix, and NAT64's `64:ff9b::/96` (the only way to IPv4 from a network without it) are as
/// public as the address inside. Teredo is special even where both addresses inside are public: it leads to a port of
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

/// Among equals the last, which is the address inside: it says more than the block around it.
fn strictest(parts: impl IntoIterator<Item = SpecialPart>) -> Option<SpecialUse> {
    parts
        .into_iter()
        .map(|part| part.special_use)
        .max_by_key(|special_use| special_use.opened_by())
}

/// Which addresses of special use a connector may reach: `allow-networks`, and the literal addresses of its rules.
#[derive(Debug)]
pub(super) struct AddressGate {
    /// IPv4 networks where they are mapped.
    networks: Vec<IpNet>,
}

impl AddressGate {
    /// A gate that these networks open, beside the public internet. None opens IPv4 but an IPv4 network, or its mapped
    /// form: `::/0` is all of IPv6.
    pub(super) fn new(networks: Vec<IpNet>) -> Self {
        Self {
            networks: networks.into_iter().map(canonical).collect(),
        }
    }

    /// May a connection be made to `address`? `literal` says that the host of the URL, and so of the rule that
    /// permitted it exactly, is itself this address.
    ///
    /// A network opens an address with an IPv4 address inside if it contains the whole, or all that is special in it:
    /// `10.0.0.0/8` opens `64:ff9b::10.1.2.3`, but not the Teredo address of a client `10.1.2.3`.
    ///
    /// # Errors
    ///
    /// [`SpecialUse`]: what the address is that nothing has opened.
    pub(super) fn permits(&self, address: IpAddr, literal: bool) -> Result<(), SpecialUse> {
        let whole = address.to_canonical();
        let closed = special_parts(whole).into_iter().filter(|part| {
            let opened = match part.special_use.opened_by() {
                OpenedBy::Nothing => false,
                OpenedBy::ItsName => literal || self.names(whole) || self.names(part.address),
                OpenedBy::Network => literal || self.contains(whole) || self.contains(part.address),
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
