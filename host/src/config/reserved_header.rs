//! Headers that neither a guest nor a credential may set.

/// Headers that frame the message or steer a proxy: with them a guest could make one request look like two, or like
/// one to another host.
pub(crate) const RESERVED_HEADERS: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Whether a header, its name in lower case, is the host's to set, since the message could be forged with it.
pub(crate) fn is_reserved_header(name: &str) -> bool {
    RESERVED_HEADERS.contains(&name) || name.starts_with("proxy-")
}
