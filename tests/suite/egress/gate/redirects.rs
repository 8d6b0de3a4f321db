//! Redirects from an allowed place, which the host would follow, to a place that is not allowed.

use super::attempt::{Attempt, RefusedBy};

/// Targets of redirects that no rule allows.
const BESIDE_THE_RULES: &[&str] = &[
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1:8080/",
    "http://localhost/",
    "http://metadata.google.internal/",
    "//evil.net/",
    "//169.254.169.254/",
    "/\\evil.net/",
    "\\\\evil.net\\",
    "http:\\\\evil.net\\",
    "http:///evil.net/",
    "ht\ttp://evil.net/",
    "http://start.example.com.evil.net/",
    "http://example.com/",
    "http://start.example.com:8080/",
    "http://start.example.com:22/",
    "//start.example.com:6379/",
    "https://start.example.com/",
    "http://paths.example.net/v2",
    "http://paths.example.net/v1/..%2fv2",
    "http://paths.example.net/v1/../v2",
];

/// Targets of redirects that are not valid, each with a part of the message.
const MALFORMED: &[(&str, &str)] = &[
    ("ftp://start.example.com/", "only `http` and `https`"),
    ("file:///etc/passwd", "only `http` and `https`"),
    ("gopher://start.example.com/_", "only `http` and `https`"),
    ("data:text/plain,x", "only `http` and `https`"),
    ("javascript:alert(1)", "only `http` and `https`"),
    ("http://user@start.example.com/", "user name or password"),
    (
        "http://user:word@start.example.com/",
        "user name or password",
    ),
    ("//start.example.com@evil.net/", "user name or password"),
    ("http://start.example.com:0/", "port is 0"),
    ("http://start.example.com./", "is not a valid host name"),
];

/// The addresses that a redirect's target resolves to.
const ADDRESSES: &[(&str, &str)] = &[
    ("127.0.0.1", "a loopback address"),
    ("10.0.0.1", "a private address"),
    ("169.254.169.254", "metadata service"),
    ("0.0.0.0", "no configuration can allow it"),
    ("::1", "a loopback address"),
    ("fd00::1", "a unique local address"),
    ("::ffff:192.168.0.1", "a private address"),
    ("64:ff9b::10.0.0.1", "a private address"),
];

pub(crate) fn attempts() -> Vec<Attempt> {
    let beside = BESIDE_THE_RULES
        .iter()
        .map(|location| Attempt::redirected("redirects", location, RefusedBy::Rule));
    let malformed = MALFORMED
        .iter()
        .map(|(location, what)| Attempt::redirected("redirects", location, RefusedBy::Form(what)));
    let resolved = ADDRESSES
        .iter()
        .enumerate()
        .map(|(index, (address, what))| {
            let name = format!("r{index}.example.com");
            Attempt::redirected(
                "redirects",
                &format!("http://{name}/"),
                RefusedBy::Address(what),
            )
            .with_name(&name, &[address])
        });
    beside.chain(malformed).chain(resolved).collect()
}
