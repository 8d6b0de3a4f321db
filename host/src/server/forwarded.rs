//! The headers in which proxies say for whom they pass a request on: `X-Forwarded-For`, and `Forwarded` of RFC 7239.
//!
//! Each proxy appends the address of its own client, so the first entry is the oldest. Clients can send these headers,
//! too. So anything may stand before what a proxy has appended, on the same line as well.

mod line;
mod node;

use std::net::IpAddr;

use http::HeaderMap;
use http::header::FORWARDED;

use line::Rest;
use node::address;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// One entry of such a header: a client, as the proxy that received its request saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hop {
    /// Its address, IPv4 in its own form.
    Address(IpAddr),
    /// `unknown`, an identifier such as `_proxy1`, or something that can't be read.
    Hidden,
}

impl Hop {
    /// Reads an address with or without a port: `192.0.2.7`, `192.0.2.7:80`, `2001:db8::7`, `[2001:db8::7]:80`.
    fn of(node: &[u8]) -> Self {
        let address = str::from_utf8(node).ok().and_then(address);
        address.map_or(Self::Hidden, |address| {
            Self::Address(address.to_canonical())
        })
    }
}

/// Passes on the entries of all lines of `X-Forwarded-For`, the oldest first. Empty entries don't count.
pub(super) fn x_forwarded_for(headers: &HeaderMap, note: &mut dyn FnMut(Hop)) {
    for line in headers.get_all(X_FORWARDED_FOR) {
        let entries = line.as_bytes().split(|byte| *byte == b',');
        entries
            .map(<[u8]>::trim_ascii)
            .filter(|entry| !entry.is_empty())
            .for_each(|entry| note(Hop::of(entry)));
    }
}

/// The last address of `X-Forwarded-For`, which a platform has appended. `None` if there is none, or it can't be read.
pub(crate) fn last_forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let mut last = None;
    x_forwarded_for(headers, &mut |hop| last = Some(hop));
    match last? {
        Hop::Address(address) => Some(address),
        Hop::Hidden => None,
    }
}

/// Passes on the entries of all lines of `Forwarded`, the oldest first. Empty entries don't count. A line is
/// [`Hop::Hidden`] from its first mistake to its end: a client could otherwise hide what a proxy appends, in a quoted
/// text that it doesn't close.
pub(super) fn forwarded(headers: &HeaderMap, note: &mut dyn FnMut(Hop)) {
    for line in headers.get_all(FORWARDED) {
        let mut rest = Rest(line.as_bytes());
        loop {
            match rest.entry() {
                Some(Some(hop)) => note(hop),
                Some(None) => {}
                None => note(Hop::Hidden),
            }
            if !rest.skip(b',') {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn shown(hop: Hop) -> String {
        match hop {
            Hop::Address(address) => address.to_string(),
            Hop::Hidden => "-".to_owned(),
        }
    }

    /// The entries of one line of `Forwarded`.
    fn entries(line: &[u8]) -> Vec<String> {
        let value = HeaderValue::from_bytes(line).expect("a header can carry it");
        let headers = HeaderMap::from_iter([(FORWARDED, value)]);
        let mut entries = Vec::new();
        forwarded(&headers, &mut |hop| entries.push(shown(hop)));
        entries
    }

    #[test]
    fn addresses_are_read_in_each_form() {
        for (node, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:80", "192.0.2.7"),
            ("192.0.2.7:_port", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("2001:db8::7:80", "2001:db8::7:80"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:DB8::7]:65535", "2001:db8::7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
            ("", "-"),
            ("unknown", "-"),
            ("_hidden", "-"),
            ("localhost", "-"),
            ("192.0.2", "-"),
            ("192.0.2.256", "-"),
            ("010.0.2.7", "-"),
            ("192.0.2.7:", "-"),
            ("192.0.2.7:http", "-"),
            ("192.0.2.7:123456", "-"),
            ("192.0.2.7:_", "-"),
            ("[192.0.2.7]", "-"),
            ("[2001:db8::7", "-"),
            ("[2001:db8::7]80", "-"),
            ("2001:db8::7%eth0", "-"),
            ("192.0.2.7 ", "-"),
            ("192.0.2.7\0", "-"),
        ] {
            assert_eq!(shown(Hop::of(node.as_bytes())), expected, "{node:?}");
        }
        assert_eq!(Hop::of(b"192.0.2.7\xff"), Hop::Hidden);
    }

    #[test]
    fn entries_of_forwarded_are_read_as_in_the_rfc() {
        for (line, expected) in [
            ("for=192.0.2.7", &["192.0.2.7"][..]),
            ("For=\"[2001:db8:cafe::17]:4711\"", &["2001:db8:cafe::17"]),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", &["192.0.2.60"]),
            ("proto=http ; for=192.0.2.60 ; by=_x", &["192.0.2.60"]),
            (
                "for=192.0.2.43, for=198.51.100.17",
                &["192.0.2.43", "198.51.100.17"],
            ),
            (
                "for=192.0.2.43,for=\"198.51.100.17:80\"",
                &["192.0.2.43", "198.51.100.17"],
            ),
            ("for=\"192.0.2.4\\3\"", &["192.0.2.43"]),
            ("for=192.0.2.43:80", &["192.0.2.43"]),
            ("for=[2001:db8::7]:80", &["2001:db8::7"]),
            ("for=unknown, for=_gazonk", &["-", "-"]),
            ("proto=https", &["-"]),
            ("for=", &["-"]),
            ("", &[]),
            (" , ;, ;; ,", &[]),
            (", for=192.0.2.7 ,", &["192.0.2.7"]),
            ("by=\"a, for=1.1.1.1; b\";for=192.0.2.7", &["192.0.2.7"]),
            // From a mistake on, nothing is believed.
            ("192.0.2.7", &["-"]),
            ("for", &["-"]),
            ("for=192.0.2.7 for=192.0.2.8", &["-"]),
            ("for=192.0.2.7;for=192.0.2.8", &["-"]),
            ("for =192.0.2.7", &["-"]),
            ("for= 192.0.2.7", &["-"]),
            ("for=1.1.1.1, x=\", for=192.0.2.7", &["1.1.1.1", "-"]),
            ("for=1.1.1.1;x=\", for=\"[2001:db8::7]\"", &["-"]),
            ("for=\"192.0.2.7", &["-"]),
            ("for=\"192.0.2.7\\", &["-"]),
            ("for=\"192.0.2.7\"x", &["-"]),
        ] {
            assert_eq!(entries(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(entries(b"for=\"\xff\", for=192.0.2.7"), ["-", "192.0.2.7"]);
        assert_eq!(entries(b"for=\xff, for=192.0.2.7"), ["-"]);
    }

    proptest! {
        /// Whatever a client sends first, an address that it didn't send isn't read, and what a proxy appends on a line
        /// of its own is.
        #[test]
        fn properties_of_what_clients_send(sent in "[ -~\u{80}-\u{ff}]{0,60}") {
            let line = HeaderValue::from_str(&sent);
            prop_assume!(line.is_ok());
            let mut headers = HeaderMap::new();
            headers.append(FORWARDED, line.expect("assumed"));
            headers.append(FORWARDED, HeaderValue::from_static("for=192.0.2.7"));
            let mut last = None;
            forwarded(&headers, &mut |hop| last = Some(shown(hop)));
            prop_assert_eq!(last.as_deref(), Some("192.0.2.7"));
        }

        /// What a proxy appends to a client's line is the last entry, or hidden; it is never another address.
        #[test]
        fn properties_of_what_proxies_append(sent in "[ -~]{0,60}", quoted in any::<bool>()) {
            let own = if quoted { "for=\"[2001:db8::7]:80\"" } else { "for=192.0.2.7" };
            let found = entries(format!("{sent}, {own}").as_bytes());
            let last = found.last().map(String::as_str);
            prop_assert!(matches!(last, Some("192.0.2.7" | "2001:db8::7" | "-")), "{found:?}");
        }
    }
}
