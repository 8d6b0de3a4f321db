//! Which addresses are one client.

use std::net::IpAddr;

/// The client that an address stands for. Whoever has one address of an IPv6 network of 64 bits has all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ClientNetwork {
    V4([u8; 4]),
    V6([u16; 4]),
    /// The connection's other end is not known.
    Unknown,
}

impl ClientNetwork {
    /// The client with this address.
    pub(super) fn of(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => Self::V4(address.octets()),
            Some(IpAddr::V6(address)) => {
                let [first, second, third, fourth, ..] = address.segments();
                Self::V6([first, second, third, fourth])
            }
            None => Self::Unknown,
        }
    }
}
