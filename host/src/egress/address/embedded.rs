//! IPv4 addresses inside IPv6 addresses: packets to one are passed on to the other, by a tunnel or a translator.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::blocks;

/// The IPv4 addresses to which packets to `address` may be passed on. The mapped form is not considered: it is the
/// IPv4 address itself, in another spelling.
pub(super) fn addresses(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let segments = address.segments();
    let mut found = match segments {
        // The unspecified address and loopback, which look like compatible addresses.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Vec::new(),
        // Compatible (RFC 4291, 2.5.5.1), SIIT (RFC 2765, 2.1), NAT64 (RFC 6052, 2.1).
        [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => vec![joined(high, low)],
        [0x64, 0xff9b, 1, ..] => locally_translated(address),
        // 6to4 (RFC 3056, 2).
        [0x2002, high, low, ..] => vec![joined(high, low)],
        // Teredo (RFC 4380, 4): the server, and the client with its bits inverted.
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            vec![joined(high, low), joined(!client_high, !client_low)]
        }
        _ => Vec::new(),
    };
    // ISATAP (RFC 5214, 6.1) is an interface identifier: it follows any prefix, even one of those above.
    if let [_, _, _, _, 0 | 0x200, 0x5efe, high, low] = segments {
        found.push(joined(high, low));
    }
    found
}

/// An address doesn't show how long the prefix of a local translator is, and therefore not where the IPv4 address
/// begins (RFC 6052, 2.2). All these addresses are special anyway, so a reading counts only if it is stricter.
fn locally_translated(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    // The ninth byte, between the two halves, is always skipped.
    let [.., g, h, _, j, k, l, m, n, o, p] = address.octets();
    let mut readings = vec![
        Ipv4Addr::new(g, h, j, k),
        Ipv4Addr::new(h, j, k, l),
        Ipv4Addr::new(j, k, l, m),
        Ipv4Addr::new(m, n, o, p),
    ];
    readings.retain(|reading| blocks::is_v4_metadata(*reading));
    readings
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}
