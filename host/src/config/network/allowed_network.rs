//! How a network of `allow-networks` is written.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Reads a network such as `10.1.0.0/16` or `fd00::/8`.
///
/// # Errors
///
/// [`NetworkFault`] for any other form, and where what is written is not what it would mean.
pub(super) fn parse(text: &str) -> Result<IpNet, NetworkFault> {
    let Some((address, bits)) = text.split_once('/') else {
        return Err(match text.parse::<IpAddr>() {
            Ok(address) => NetworkFault::NoMask(address.into()),
            Err(_) => NetworkFault::Form,
        });
    };
    let address: IpAddr = address.parse().map_err(|_| NetworkFault::Form)?;
    let mask = NetworkFault::Mask {
        most: IpNet::from(address).max_prefix_len(),
    };
    // The number's parser takes a sign.
    if !bits.chars().all(|digit| digit.is_ascii_digit()) {
        return Err(mask);
    }
    let network = bits
        .parse()
        .ok()
        .and_then(|bits| IpNet::new(address, bits).ok())
        .ok_or(mask)?;
    let truncated = network.trunc();
    if let Some(network) = mapped(truncated) {
        Err(NetworkFault::Mapped(network.into()))
    } else if network == truncated {
        Ok(network)
    } else {
        Err(NetworkFault::HostBits(truncated))
    }
}

/// The IPv4 network that one in IPv6's `::ffff:0:0/96` stands for.
fn mapped(network: IpNet) -> Option<Ipv4Net> {
    let IpNet::V6(network) = network else {
        return None;
    };
    let bits = network.prefix_len().checked_sub(96)?;
    Ipv4Net::new(network.addr().to_ipv4_mapped()?, bits).ok()
}

/// Why a text is no network of `allow-networks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NetworkFault {
    /// No address before the slash, or none at all.
    #[error(
        "not a network: write an address, a slash and the number of its fixed bits, such as \"10.1.0.0/16\" or \"fd00::/8\""
    )]
    Form,
    /// An address alone; it carries the network of this address alone.
    #[error("the size of the network is missing: write \"{0}\" for this address alone")]
    NoMask(IpNet),
    /// Not a number, or more bits than an address has.
    #[error("what follows the slash is not a number from 0 to {most}")]
    Mask {
        /// The bits of an address.
        most: u8,
    },
    /// An address within a network; it carries the network.
    #[error("the address has more bits than the network: write \"{0}\"")]
    HostBits(IpNet),
    /// An IPv4 network in IPv6's form, which no address is compared in; it carries the network.
    #[error("an IPv4 network is written as one: \"{0}\"")]
    Mapped(IpNet),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_as_written() {
        for text in [
            "10.1.0.0/16",
            "10.1.2.3/32",
            "0.0.0.0/0",
            "fd00::/8",
            "fd12:3456::1/128",
            "::/0",
            "::fffe:0:0/95",
            "64:ff9b::a01:0/112",
        ] {
            let read = parse(text).map(|network| network.to_string());
            assert_eq!(read.as_deref(), Ok(text), "{text}");
        }
    }

    #[test]
    fn networks_that_mean_something_else_are_refused_with_the_right_one() {
        let form = NetworkFault::Form.to_string();
        let alone = |text: &str| {
            format!("the size of the network is missing: write \"{text}\" for this address alone")
        };
        let mask = |most: u8| format!("what follows the slash is not a number from 0 to {most}");
        let bits =
            |text: &str| format!("the address has more bits than the network: write \"{text}\"");
        let mapped = |text: &str| format!("an IPv4 network is written as one: \"{text}\"");
        let cases = [
            ("", form.clone()),
            ("/16", form.clone()),
            ("10.1/16", form.clone()),
            ("010.1.0.0/16", form.clone()),
            ("10.1.0.0.0/16", form.clone()),
            ("[fd00::]/8", form.clone()),
            ("fe80::1%eth0/64", form.clone()),
            ("db.internal", form.clone()),
            ("db.internal/16", form.clone()),
            (" 10.1.0.0/16", form.clone()),
            ("10.1.0.0", alone("10.1.0.0/32")),
            ("fd00::", alone("fd00::/128")),
            ("10.1.0.0/", mask(32)),
            ("10.1.0.0/33", mask(32)),
            ("10.1.0.0/256", mask(32)),
            ("10.1.0.0/+16", mask(32)),
            ("10.1.0.0/-1", mask(32)),
            ("10.1.0.0/16/16", mask(32)),
            ("10.1.0.0/255.255.0.0", mask(32)),
            ("10.1.0.0/16 ", mask(32)),
            ("fd00::/129", mask(128)),
            ("10.1.2.3/16", bits("10.1.0.0/16")),
            ("10.1.2.3/0", bits("0.0.0.0/0")),
            ("fd00::1/8", bits("fd00::/8")),
            ("::ffff:10.1.2.3/112", mapped("10.1.0.0/16")),
            ("::ffff:10.1.0.0/112", mapped("10.1.0.0/16")),
            ("::ffff:0:0/96", mapped("0.0.0.0/0")),
            ("::ffff:10.1.2.3/128", mapped("10.1.2.3/32")),
        ];
        for (text, expected) in cases {
            let error = parse(text).expect_err(text);
            assert_eq!(error.to_string(), expected, "{text:?}");
        }
    }
}
