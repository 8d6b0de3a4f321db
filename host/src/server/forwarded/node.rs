//! The address of a client as proxies write it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads an address with or without a port, which may be hidden. `None` for anything else.
pub(super) fn address(node: &str) -> Option<IpAddr> {
    if let Some(bracketed) = node.strip_prefix('[') {
        let (address, after) = bracketed.split_once(']')?;
        let is_whole = after.is_empty() || after.strip_prefix(':').is_some_and(is_port);
        return address
            .parse::<Ipv6Addr>()
            .ok()
            .filter(|_| is_whole)
            .map(Into::into);
    }
    if let Ok(address) = node.parse() {
        return Some(address);
    }
    let (address, port) = node.split_once(':')?;
    address
        .parse::<Ipv4Addr>()
        .ok()
        .filter(|_| is_port(port))
        .map(Into::into)
}

/// Whether this is a port, or an identifier that hides it (RFC 7239, section 6).
fn is_port(text: &str) -> bool {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    is_number
        || text
            .strip_prefix('_')
            .is_some_and(|name| !name.is_empty() && name.bytes().all(is_of_a_name))
}
