//! Addresses in place of names, in every spelling that some URL parser or resolver reads as the same address. No rule
//! names them.

use super::attempt::{Attempt, RefusedBy};

/// The hosts of `http://…/`.
const SPELLINGS: &[&str] = &[
    // Loopback: plain, short, decimal, octal, hexadecimal, mixed, with a trailing dot.
    "127.0.0.1",
    "127.0.0.1:80",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.1.",
    "127.255.255.254",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0X7F000001",
    "0x7f000001.",
    "0177.0.0.1",
    "0177.0.0.01",
    "0x7f.0.0.1",
    "0x7f.1",
    "0177.1",
    "0x7f.0x0.0x0.0x1",
    "0x7f.0.01",
    "00000177.0.0.1",
    "localhost",
    "LOCALHOST:80",
    "localhost.localdomain",
    // The unspecified address.
    "0",
    "0.0.0.0",
    "0x0",
    "00",
    "0.0",
    "[::]",
    // Private.
    "10.0.0.1",
    "10.1",
    "0xa000001",
    "012.0.0.1",
    "167772161",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.0.1",
    "192.168.1",
    "3232235521",
    "0300.0250.0.1",
    // Metadata.
    "169.254.169.254",
    "169.254.43518",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "0xa9.0xfe.0xa9.0xfe",
    "169.254.169.254.",
    "100.100.100.200",
    "168.63.129.16",
    "metadata.google.internal",
    "[fd00:ec2::254]",
    // IPv6: loopback, then addresses that embed IPv4.
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::0.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:FFFF:7F00:0001]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:7f00:1::1]",
    "[2001:0:5ef5:79fd:0:0:5601:5601]",
    "[fe80::5efe:127.0.0.1]",
    "[2001:db8::200:5efe:10.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[::169.254.169.254]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[ff02::1]",
    // Other addresses of special use.
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
];

/// Spellings with characters that only the URL standard converts into these addresses.
const UNICODE_SPELLINGS: &[&str] = &[
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "①②⑦.⓪.⓪.①",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
    "%31%32%37.0.0.1",
    "127%2E0%2E0%2E1",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "１６９。２５４。１６９。２５４",
    "0\u{ad}x7f.1",
];

/// Texts that the host doesn't read as addresses, although another parser may.
const NO_ADDRESSES: &[&str] = &[
    "256.0.0.1",
    "127.0.0.0x100",
    "4294967296",
    "1.2.3.4.5",
    "127.0.0.08",
    "0x1ffffffff",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[::1%251]",
    "[::ffff:127.1]",
    "[::ffff:0x7f.0.0.1]",
    "[127.0.0.1]",
    "[1::2::3]",
    "[::1",
    "::1",
];

pub(crate) fn attempts() -> Vec<Attempt> {
    let refused = |host: &&str, why| Attempt::get("rules", &format!("http://{host}/"), why);
    let plain = SPELLINGS.iter().map(|host| refused(host, RefusedBy::Rule));
    let unicode = UNICODE_SPELLINGS
        .iter()
        .map(|host| refused(host, RefusedBy::Rule).beyond_wasi());
    let none = NO_ADDRESSES
        .iter()
        .map(|host| refused(host, RefusedBy::Form("is not a valid URL")));
    plain.chain(unicode).chain(none).collect()
}
