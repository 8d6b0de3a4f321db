//! The special uses of addresses, and which addresses a gate permits.

mod blocks;
mod gate;
mod properties;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use super::{AddressGate, SpecialUse, special_use};

const PUBLIC: Option<SpecialUse> = None;

/// The metadata services, each in its own spelling.
const METADATA: &[&str] = &[
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.42.42",
    "169.254.0.23",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:42::42",
    "fd00:c1::a9fe:a9fe",
    "fd00:a9fe:a9fe::1",
    "fd00:100::100:200",
    "fe80::a9fe:a9fe",
];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

fn gate(networks: &[&str]) -> AddressGate {
    let parsed = |text: &&str| text.parse::<IpNet>().unwrap_or_else(|_| panic!("{text}"));
    AddressGate::new(networks.iter().map(parsed).collect())
}

/// The IPv6 address with these 32 bits after the prefix, followed by zeros.
fn after(prefix: &str, bits_before: u32, inside: Ipv4Addr) -> IpAddr {
    let prefix: Ipv6Addr = prefix.parse().unwrap();
    let inside = u128::from(inside.to_bits()) << (96 - bits_before);
    Ipv6Addr::from_bits(prefix.to_bits() | inside).into()
}

/// The spellings that are equivalent to the address inside. `::0.0.0.1` is not one of them: it is loopback.
fn same_as(inside: Ipv4Addr) -> Vec<IpAddr> {
    let mut same = vec![
        after("::ffff:0:0", 96, inside),
        after("::ffff:0:0:0", 96, inside),
        after("64:ff9b::", 96, inside),
        after("2002::", 16, inside),
        after("2002::1:2:3:4", 16, inside),
        after("2600::5efe:0:0", 96, inside),
        after("2600:1:2:3:200:5efe:0:0", 96, inside),
    ];
    if inside != Ipv4Addr::new(0, 0, 0, 1) {
        same.push(after("::", 96, inside));
    }
    same
}

fn teredo(server: Ipv4Addr, client: Ipv4Addr) -> IpAddr {
    let bits = u128::from(server.to_bits()) << 64 | u128::from(!client.to_bits());
    Ipv6Addr::from_bits(0x2001_0000_u128 << 96 | 0x8000_f227_u128 << 32 | bits).into()
}
