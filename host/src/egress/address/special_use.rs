//! The special uses of addresses outside the public internet, and what opens them.

/// Why an address is not part of the public internet. The text completes "the address is …".
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
    /// `fec0::/10`, deprecated, but still routed where it is set up.
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
    /// `64:ff9b:1::/48`: leads to any IPv4 address that a translator of the local network chooses.
    #[error("an address of a local IPv4 translator")]
    LocalTranslation,
    /// `100::/64`.
    #[error("an address whose traffic is discarded")]
    Discard,
    /// Kept for protocols or for the future, Teredo among them.
    #[error("a reserved address")]
    Reserved,
    /// A service that gives a machine its settings, often with credentials. Its address may be in any block, even a
    /// public one.
    #[error("the address of a cloud's metadata service")]
    Metadata,
}

/// What opens an address of special use, from the easiest to the strictest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Opener {
    /// A network that contains it, or a rule that names the address itself.
    Network,
    /// A network of this address alone, or a rule that names the address itself: an operator who opens
    /// `169.254.0.0/16` did not think of credentials.
    ItsName,
    /// No connection to it has its own meaning; `0.0.0.0` would be loopback by another name.
    Nothing,
}

impl SpecialUse {
    /// Whether `allow-networks` can open it.
    pub(in crate::egress) fn can_be_allowed(self) -> bool {
        self.opener() != Opener::Nothing
    }

    pub(super) fn opener(self) -> Opener {
        match self {
            Self::Unspecified | Self::Multicast | Self::Broadcast => Opener::Nothing,
            Self::Metadata => Opener::ItsName,
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
            | Self::Reserved => Opener::Network,
        }
    }
}
