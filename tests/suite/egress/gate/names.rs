//! Names that a rule permits, and that resolve to addresses that the connector must not reach.

use super::attempt::{Attempt, RefusedBy};

const NOT_TO_BE_ALLOWED: &str = "no configuration can allow it";

/// An address of each special-use block, with its first and last address where mistakes are likely, and its kind.
const ADDRESSES: &[(&str, &str)] = &[
    ("0.0.0.0", NOT_TO_BE_ALLOWED),
    ("0.1.2.3", "\\\"this network\\\""),
    ("10.0.0.0", "a private address"),
    ("10.255.255.255", "a private address"),
    ("100.64.0.0", "carrier's shared space"),
    ("100.127.255.255", "carrier's shared space"),
    ("127.0.0.1", "a loopback address"),
    ("127.255.255.255", "a loopback address"),
    ("169.254.0.1", "a link-local address"),
    ("169.254.255.255", "a link-local address"),
    ("169.254.169.254", "metadata service"),
    ("169.254.170.2", "metadata service"),
    ("100.100.100.200", "metadata service"),
    ("168.63.129.16", "metadata service"),
    ("192.0.0.192", "metadata service"),
    ("172.16.0.0", "a private address"),
    ("172.31.255.255", "a private address"),
    ("192.0.0.1", "a reserved address"),
    ("192.0.2.1", "for documentation"),
    ("192.88.99.1", "a reserved address"),
    ("192.168.0.0", "a private address"),
    ("192.168.255.255", "a private address"),
    ("198.18.0.0", "for benchmarks"),
    ("198.19.255.255", "for benchmarks"),
    ("198.51.100.1", "for documentation"),
    ("203.0.113.1", "for documentation"),
    ("224.0.0.1", NOT_TO_BE_ALLOWED),
    ("239.255.255.255", NOT_TO_BE_ALLOWED),
    ("240.0.0.1", "a reserved address"),
    ("255.255.255.255", NOT_TO_BE_ALLOWED),
    ("::", NOT_TO_BE_ALLOWED),
    ("::1", "a loopback address"),
    ("::ffff:127.0.0.1", "a loopback address"),
    ("::ffff:10.0.0.1", "a private address"),
    ("::ffff:169.254.169.254", "metadata service"),
    ("::127.0.0.1", "a loopback address"),
    ("::ffff:0:10.0.0.1", "a private address"),
    ("64:ff9b::127.0.0.1", "a loopback address"),
    ("64:ff9b::169.254.169.254", "metadata service"),
    ("64:ff9b:1::1", "local IPv4 translator"),
    ("100::1", "traffic is discarded"),
    ("2001:10::1", "a reserved address"),
    ("2001:0:808:808:0:0:f7f7:f7f7", "a reserved address"),
    ("2001::1", NOT_TO_BE_ALLOWED),
    ("2001:0:4136:e378:8000:63bf:80ff:fffe", "a loopback address"),
    ("2001:2::1", "for benchmarks"),
    ("2001:db8::1", "for documentation"),
    ("3fff::1", "for documentation"),
    ("2002:a00:1::1", "a private address"),
    ("2002:7f00:1::1", "a loopback address"),
    ("2606:4700::5efe:10.0.0.1", "a private address"),
    ("2606:4700::200:5efe:127.0.0.1", "a loopback address"),
    ("5f00::1", "a reserved address"),
    ("4000::1", "a reserved address"),
    ("fc00::1", "a unique local address"),
    ("fdff::1", "a unique local address"),
    ("fd00:ec2::254", "metadata service"),
    ("fd20:ce::254", "metadata service"),
    ("fe80::1", "a link-local address"),
    ("fe80::a9fe:a9fe", "metadata service"),
    ("fec0::1", "a site-local address"),
    ("ff02::1", NOT_TO_BE_ALLOWED),
];

/// Answers with several addresses, none of which may be dialed.
const ALL_FORBIDDEN: &[(&[&str], &str)] = &[
    (
        &["10.0.0.1", "10.0.0.2", "192.168.0.1"],
        "a private address",
    ),
    (&["::1", "127.0.0.1"], "a loopback address"),
    (&["169.254.169.254", "fd00:ec2::254"], "metadata service"),
    // A resolver answers only with the end of a chain of aliases.
    (&["172.16.5.5", "fd12::5"], "a private address"),
];

pub(crate) fn attempts() -> Vec<Attempt> {
    let single = ADDRESSES
        .iter()
        .enumerate()
        .map(|(index, (address, what))| {
            let name = format!("n{index}.example.com");
            Attempt::resolved("rules", &name, &[address], RefusedBy::Address(what))
        });
    let several = ALL_FORBIDDEN
        .iter()
        .enumerate()
        .map(|(index, (all, what))| {
            let name = format!("m{index}.example.com");
            Attempt::resolved("rules", &name, all, RefusedBy::Address(what))
        });
    let suggests = Attempt::resolved(
        "rules",
        "suggests.example.com",
        &["10.1.2.3"],
        RefusedBy::Address(
            "10.1.2.3/32\\\" to `allow-networks` under [network] in rules.fetch.toml",
        ),
    );
    let other_urls = [
        ("https://tls.example.net/", "tls.example.net"),
        ("http://ports.example.net:8080/", "ports.example.net"),
        ("http://paths.example.net/v1/x", "paths.example.net"),
    ]
    .map(|(url, name)| {
        Attempt::get("rules", url, RefusedBy::Address("a loopback address"))
            .with_name(name, &["127.0.0.1"])
    });
    single
        .chain(several)
        .chain(other_urls)
        .chain([suggests])
        .chain(opened())
        .collect()
}

/// Opening something doesn't open its neighbors.
fn opened() -> Vec<Attempt> {
    [
        ("networks", "192.168.0.1", "a private address"),
        ("networks", "127.0.0.1", "a loopback address"),
        ("networks", "169.254.169.254", "metadata service"),
        ("networks", "64:ff9b::169.254.169.254", "metadata service"),
        ("networks", "fd00:ec2::254", "metadata service"),
        ("networks", "fe80::1", "a link-local address"),
        ("networks", "0.0.0.0", NOT_TO_BE_ALLOWED),
        ("metadata", "169.254.169.253", "a link-local address"),
        ("metadata", "169.254.170.2", "metadata service"),
        ("metadata", "fd00:ec2::254", "metadata service"),
        // A rule opens an address for URLs that contain it, not for names that resolve to it.
        ("literals", "10.1.2.3", "a private address"),
        ("literals", "169.254.169.254", "metadata service"),
        ("literals", "fd00::1", "a unique local address"),
    ]
    .map(|(config, address, what)| {
        Attempt::resolved(
            config,
            "opened.example.com",
            &[address],
            RefusedBy::Address(what),
        )
    })
    .into()
}
