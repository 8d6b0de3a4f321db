//! Headers that neither a guest nor a credential may set.

/// Headers that frame the message or steer a proxy. A guest that could set them could make one request look like two,
/// or like a request to another host.
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

/// Whether only the host may set the header with this lower-case name, since a guest could forge the message with it.
pub(crate) fn is_reserved_header(name: &str) -> bool {
    RESERVED_HEADERS.contains(&name) || name.starts_with("proxy-")
}
