//! The syntax of networks, as in `allow-networks` and `--trusted-proxies`.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

/// Reads a network such as `10.1.0.0/16` or `fd00::/8`, or an address, which is the network of this address alone.
///
/// # Errors
///
/// [`NetworkFault`] for any other form, and for a text that looks like one network but means another.
pub(in crate::config) fn parse(text: &str) -> Result<IpNet, NetworkFault> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| NetworkFault::Form)?;
    let Some(bits) = bits else {
        let network = IpNet::from(address);
        return match mapped(network) {
            Some(network) => Err(NetworkFault::MappedAddress(network.addr())),
            None => Ok(network),
        };
    };
    let mask = NetworkFault::Mask {
        most: IpNet::from(address).max_prefix_len(),
    };
    // The number parser would accept a sign.
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

/// The IPv4 network that a network in `::ffff:0:0/96` represents.
fn mapped(network: IpNet) -> Option<Ipv4Net> {
    let IpNet::V6(network) = network else {
        return None;
    };
    let bits = network.prefix_len().checked_sub(96)?;
    Ipv4Net::new(network.addr().to_ipv4_mapped()?, bits).ok()
}

/// Why a text is not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum NetworkFault {
    /// The text, or what is before its slash, is not an address.
    #[error(
        "not a network: write an address such as \"10.1.2.3\", or an address, a slash and the prefix length such as \
         \"10.1.0.0/16\" or \"fd00::/8\""
    )]
    Form,
    /// The prefix length is not a number, or larger than an address has bits.
    #[error("the prefix length after the slash must be a number from 0 to {most}")]
    Mask {
        /// The number of bits of an address.
        most: u8,
    },
    /// The address has bits set after the prefix; contains the network without them.
    #[error("the address has bits set after its prefix: write \"{0}\"")]
    HostBits(IpNet),
    /// An IPv4 network written as IPv6, which no address would match; contains the IPv4 network.
    #[error("this is an IPv4 network in IPv6 form: write \"{0}\"")]
    Mapped(IpNet),
    /// The same for an address.
    #[error("this is an IPv4 address in IPv6 form: write \"{0}\"")]
    MappedAddress(Ipv4Addr),
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
    fn address_is_the_network_of_itself_alone() {
        for (text, expected) in [
            ("10.1.2.3", "10.1.2.3/32"),
            ("10.1.0.0", "10.1.0.0/32"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
            ("FD00::0", "fd00::/128"),
        ] {
            let read = parse(text).map(|network| network.to_string());
            assert_eq!(read.as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn misleading_networks_are_refused_with_the_right_one() {
        let form = NetworkFault::Form.to_string();
        let mask = |most: u8| {
            format!("the prefix length after the slash must be a number from 0 to {most}")
        };
        let bits =
            |text: &str| format!("the address has bits set after its prefix: write \"{text}\"");
        let mapped = |text: &str| format!("this is an IPv4 network in IPv6 form: write \"{text}\"");
        let address =
            |text: &str| format!("this is an IPv4 address in IPv6 form: write \"{text}\"");
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
            ("10.1.2", form.clone()),
            ("[::1]", form.clone()),
            ("127.0.0.1:80", form.clone()),
            ("::ffff:10.1.2.3", address("10.1.2.3")),
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
