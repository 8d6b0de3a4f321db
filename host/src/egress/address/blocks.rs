//! The address blocks that are special themselves.
//!
//! They are IANA's registries of special-purpose addresses (for
//! [IPv4](https://www.iana.org/assignments/iana-ipv4-special-registry) and
//! [IPv6](https://www.iana.org/assignments/iana-ipv6-special-registry)), as far as those are not globally reachable.
//! `192.0.0.0/24` and `2001::/23` are included as a whole: their few reachable addresses belong to protocols of the
//! network, and no API is served there.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::special_use::SpecialUse;

/// The first block that contains the address counts.
const V4: &[(Ipv4Net, SpecialUse)] = &[
    (v4([0, 0, 0, 0], 32), SpecialUse::Unspecified),
    (v4([0, 0, 0, 0], 8), SpecialUse::ThisNetwork),
    (v4([10, 0, 0, 0], 8), SpecialUse::Private),
    (v4([100, 64, 0, 0], 10), SpecialUse::CarrierNat),
    (v4([127, 0, 0, 0], 8), SpecialUse::Loopback),
    (v4([169, 254, 0, 0], 16), SpecialUse::LinkLocal),
    (v4([172, 16, 0, 0], 12), SpecialUse::Private),
    (v4([192, 0, 0, 0], 24), SpecialUse::Reserved),
    (v4([192, 0, 2, 0], 24), SpecialUse::Documentation),
    // Relays of 6to4, deprecated by RFC 7526.
    (v4([192, 88, 99, 0], 24), SpecialUse::Reserved),
    (v4([192, 168, 0, 0], 16), SpecialUse::Private),
    (v4([198, 18, 0, 0], 15), SpecialUse::Benchmarking),
    (v4([198, 51, 100, 0], 24), SpecialUse::Documentation),
    (v4([203, 0, 113, 0], 24), SpecialUse::Documentation),
    (v4([224, 0, 0, 0], 4), SpecialUse::Multicast),
    (v4([255, 255, 255, 255], 32), SpecialUse::Broadcast),
    (v4([240, 0, 0, 0], 4), SpecialUse::Reserved),
];

/// The first block that contains the address counts.
const V6: &[(Ipv6Net, SpecialUse)] = &[
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), SpecialUse::Unspecified),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), SpecialUse::Loopback),
    (
        v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
        SpecialUse::LocalTranslation,
    ),
    (v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), SpecialUse::Discard),
    (
        v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48),
        SpecialUse::Benchmarking,
    ),
    // Teredo, ORCHID and other blocks that the IETF keeps for protocols.
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), SpecialUse::Reserved),
    (
        v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
        SpecialUse::Documentation,
    ),
    (
        v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
        SpecialUse::Documentation,
    ),
    (
        v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
        SpecialUse::UniqueLocal,
    ),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), SpecialUse::LinkLocal),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), SpecialUse::SiteLocal),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), SpecialUse::Multicast),
];

/// All blocks that are not reserved: those that IANA gives to the public, and those that only the IPv4 address inside
/// decides (compatible, SIIT, NAT64).
const NOT_RESERVED: &[Ipv6Net] = &[
    v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96),
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96),
];

const V4_METADATA: &[Ipv4Addr] = &[
    // Most clouds.
    Ipv4Addr::new(169, 254, 169, 254),
    // AWS: credentials of containers (ECS) and of pods (EKS).
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    // Scaleway.
    Ipv4Addr::new(169, 254, 42, 42),
    // Tencent Cloud.
    Ipv4Addr::new(169, 254, 0, 23),
    // Alibaba Cloud.
    Ipv4Addr::new(100, 100, 100, 200),
    // Oracle Cloud Classic.
    Ipv4Addr::new(192, 0, 0, 192),
    // Azure's wire server, in a public block.
    Ipv4Addr::new(168, 63, 129, 16),
];

const V6_METADATA: &[Ipv6Addr] = &[
    // AWS: machines, and pods (EKS).
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    // Google Cloud.
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    // Scaleway.
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
    // Oracle Cloud.
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
    // Akamai, formerly Linode.
    Ipv6Addr::new(0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1),
    // Alibaba Cloud.
    Ipv6Addr::new(0xfd00, 0x100, 0, 0, 0, 0, 0x100, 0x200),
    // OpenStack.
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
];

pub(super) fn of_v4(address: Ipv4Addr) -> Option<SpecialUse> {
    if is_v4_metadata(address) {
        return Some(SpecialUse::Metadata);
    }
    V4.iter()
        .find(|(block, _)| block.contains(&address))
        .map(|(_, special_use)| *special_use)
}

/// The special use of the IPv6 address itself, regardless of any IPv4 address inside.
pub(super) fn of_v6(address: Ipv6Addr) -> Option<SpecialUse> {
    if V6_METADATA.contains(&address) {
        return Some(SpecialUse::Metadata);
    }
    let listed = V6.iter().find(|(block, _)| block.contains(&address));
    match listed {
        Some((_, special_use)) => Some(*special_use),
        None if NOT_RESERVED.iter().any(|block| block.contains(&address)) => None,
        None => Some(SpecialUse::Reserved),
    }
}

pub(super) fn is_v4_metadata(address: Ipv4Addr) -> bool {
    V4_METADATA.contains(&address)
}

/// For constants only: a prefix that is too long does not compile.
const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

/// For constants only: a prefix that is too long does not compile.
const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}
