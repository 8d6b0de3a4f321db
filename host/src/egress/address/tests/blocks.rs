//! Tables: addresses with their class, and the edges of every block.

use super::*;
use SpecialUse::*;

/// Addresses of one class, separated by spaces.
const CLASSES: &[(Option<SpecialUse>, &str)] = &[
    (
        PUBLIC,
        "1.1.1.1 8.8.8.8 9.9.9.9 93.184.216.34 100.0.0.1 100.200.0.1 104.16.0.1 169.253.1.1 172.15.0.1 172.32.0.1 \
         192.0.1.1 192.1.0.1 192.31.196.1 192.52.193.1 192.175.48.1 192.167.1.1 198.17.0.1 198.20.0.1 203.0.112.1 \
         2600:: 2606:4700::1111 2001:4860:4860::8888 2001:200::1 2620:4f:8000::1 2a00:1450::1 2c0f::1 3ffe::1 \
         ::ffff:8.8.8.8 ::8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1 2600::5efe:8.8.8.8 \
         2600::200:5efe:8.8.8.8 2600::5eff:10.0.0.1 2600::100:5efe:10.0.0.1 2600::10.0.0.1",
    ),
    (
        Some(Unspecified),
        "0.0.0.0 :: ::ffff:0.0.0.0 ::ffff:0:0.0.0.0 64:ff9b::0.0.0.0 2002:: 2002:0:0:1::1 2600::5efe:0.0.0.0 \
         2001:0:808:808:8000:1:ffff:ffff",
    ),
    (
        Some(ThisNetwork),
        "0.0.0.1 0.1.2.3 0.255.255.255 ::2 ::0.1.2.3 ::ffff:0.0.0.1 64:ff9b::0.0.0.1",
    ),
    (
        Some(Loopback),
        "127.0.0.1 127.0.0.53 127.255.255.254 ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::127.0.0.1 ::ffff:0:127.0.0.1 \
         64:ff9b::127.0.0.1 2002:7f00:1::1 2600::5efe:127.0.0.1 fe80::5efe:127.0.0.1 \
         2001:0:808:808:8000:1:80ff:fffe",
    ),
    (
        Some(Private),
        "10.0.0.1 10.20.30.40 172.16.0.1 172.20.1.1 172.31.255.254 192.168.0.1 192.168.255.254 ::ffff:10.0.0.1 \
         ::ffff:192.168.1.1 ::10.0.0.1 ::ffff:0:10.0.0.1 64:ff9b::10.0.0.1 64:ff9b::c0a8:101 2002:a00:1::1 \
         2002:c0a8:101:: 2600::5efe:10.0.0.1 2600::200:5efe:10.0.0.1 fe80::5efe:10.0.0.1 2001:0:a00:1:0:1:f7f7:f7f7 \
         2001:0:808:808:8000:1:f5ff:fffe 2002:808:808::5efe:10.0.0.1 2002:a00:1::5efe:8.8.8.8",
    ),
    (
        Some(CarrierNat),
        "100.64.0.1 100.100.100.100 100.100.100.201 100.127.255.254 ::ffff:100.64.0.1 64:ff9b::100.64.0.1",
    ),
    (
        Some(LinkLocal),
        "169.254.0.1 169.254.169.123 169.254.169.253 169.254.169.255 ::ffff:169.254.1.1 64:ff9b::169.254.1.1 \
         fe80::1 fe80::1:2:3:4 febf::1 fe80::5efe:8.8.8.8",
    ),
    (
        Some(UniqueLocal),
        "fc00::1 fd00::1 fd00:ec2::253 fd00:ec2::123 fd12:3456:789a::1 fdff::1",
    ),
    (Some(SiteLocal), "fec0::1 feff::1"),
    (
        Some(Multicast),
        "224.0.0.1 239.255.255.250 ::ffff:224.0.0.1 64:ff9b::224.0.0.1 ff01::1 ff02::1 ff0e::1 ff05::5efe:10.0.0.1",
    ),
    (
        Some(Broadcast),
        "255.255.255.255 ::ffff:255.255.255.255 ::255.255.255.255 64:ff9b::ffff:ffff 2002:ffff:ffff::",
    ),
    (
        Some(Documentation),
        "192.0.2.1 198.51.100.1 203.0.113.1 ::ffff:203.0.113.1 2001:db8::1 2001:db8:ffff::1 3fff::1 3fff:fff::1",
    ),
    (
        Some(Benchmarking),
        "198.18.0.1 198.19.255.1 ::ffff:198.18.0.1 2001:2::1 2001:2:0:ffff::1",
    ),
    (Some(LocalTranslation), "64:ff9b:1::1 64:ff9b:1::10.0.0.1"),
    (Some(Discard), "100::1 100::ffff:ffff:ffff:ffff"),
    (
        Some(Reserved),
        "192.0.0.1 192.0.0.8 192.0.0.9 192.0.0.170 192.88.99.1 192.88.99.2 240.0.0.1 250.1.2.3 ::ffff:240.0.0.1 \
         ::1:0:0 100:0:0:1::1 200::1 1000::1 64:ff9b::1:0:0 64:ff9b:2::1 64:ff9a::1 ::fffe:8.8.8.8 \
         2001:1::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:1ff::1 \
         2001:0:808:808:8000:1:f7f7:f7f7 4000::1 5f00::1 8000::1 e000::1 fe00::1 ::5efe:8.8.8.8",
    ),
    (
        Some(Metadata),
        "::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::169.254.169.254 ::ffff:0:169.254.169.254 \
         64:ff9b::169.254.169.254 64:ff9b::168.63.129.16 ::ffff:168.63.129.16 ::ffff:100.100.100.200 \
         2002:a9fe:a9fe::1 2002:a83f:8110:: 2600::5efe:169.254.169.254 fe80::5efe:169.254.169.254 \
         2001:0:a9fe:a9fe:8000:1:f7f7:f7f7 2001:0:808:808:8000:1:5601:5601 2001:0:a00:1:8000:1:5601:5601 \
         64:ff9b:1::169.254.169.254 64:ff9b:1:a9fe:a9:fe00:: 64:ff9b:1:a9:fe:a9fe:: 64:ff9b:1:0:a9:fea9:fe00::",
    ),
];

/// First and last address of a block, its class, and the classes of its two neighbors.
type Edges = (
    &'static str,
    &'static str,
    SpecialUse,
    Option<SpecialUse>,
    Option<SpecialUse>,
);

#[rustfmt::skip]
const EDGES: &[Edges] = &[
    ("0.0.0.1", "0.255.255.255", ThisNetwork, Some(Unspecified), PUBLIC),
    ("10.0.0.0", "10.255.255.255", Private, PUBLIC, PUBLIC),
    ("100.64.0.0", "100.100.100.199", CarrierNat, PUBLIC, Some(Metadata)),
    ("100.100.100.201", "100.127.255.255", CarrierNat, Some(Metadata), PUBLIC),
    ("127.0.0.0", "127.255.255.255", Loopback, PUBLIC, PUBLIC),
    ("168.63.129.16", "168.63.129.16", Metadata, PUBLIC, PUBLIC),
    ("169.254.0.0", "169.254.0.22", LinkLocal, PUBLIC, Some(Metadata)),
    ("169.254.170.24", "169.254.255.255", LinkLocal, Some(Metadata), PUBLIC),
    ("172.16.0.0", "172.31.255.255", Private, PUBLIC, PUBLIC),
    ("192.0.0.0", "192.0.0.191", Reserved, PUBLIC, Some(Metadata)),
    ("192.0.0.193", "192.0.0.255", Reserved, Some(Metadata), PUBLIC),
    ("192.0.2.0", "192.0.2.255", Documentation, PUBLIC, PUBLIC),
    ("192.88.99.0", "192.88.99.255", Reserved, PUBLIC, PUBLIC),
    ("192.168.0.0", "192.168.255.255", Private, PUBLIC, PUBLIC),
    ("198.18.0.0", "198.19.255.255", Benchmarking, PUBLIC, PUBLIC),
    ("198.51.100.0", "198.51.100.255", Documentation, PUBLIC, PUBLIC),
    ("203.0.113.0", "203.0.113.255", Documentation, PUBLIC, PUBLIC),
    ("224.0.0.0", "239.255.255.255", Multicast, PUBLIC, Some(Reserved)),
    ("240.0.0.0", "255.255.255.254", Reserved, Some(Multicast), Some(Broadcast)),
    ("::1", "::1", Loopback, Some(Unspecified), Some(ThisNetwork)),
    ("::1:0:0", "::fffe:ffff:ffff", Reserved, Some(Broadcast), Some(Unspecified)),
    ("::1:0:0:0", "::fffe:ffff:ffff:ffff", Reserved, Some(Broadcast), Some(Unspecified)),
    ("64:ff9b::1:0:0", "64:ff9b:0:ffff:ffff:ffff:ffff:ffff", Reserved, Some(Broadcast), Some(LocalTranslation)),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", LocalTranslation, Some(Reserved), Some(Reserved)),
    ("100::", "100::ffff:ffff:ffff:ffff", Discard, Some(Reserved), Some(Reserved)),
    ("100:0:0:1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Reserved, Some(Discard), PUBLIC),
    ("2001:1::", "2001:1:ffff:ffff:ffff:ffff:ffff:ffff", Reserved, Some(Unspecified), Some(Benchmarking)),
    ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", Benchmarking, Some(Reserved), Some(Reserved)),
    ("2001:2:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Reserved, Some(Benchmarking), PUBLIC),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Documentation, PUBLIC, PUBLIC),
    ("2002::", "2002:0:0:ffff:ffff:ffff:ffff:ffff", Unspecified, PUBLIC, Some(ThisNetwork)),
    ("2002:ffff:ffff::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Broadcast, Some(Reserved), PUBLIC),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Documentation, PUBLIC, PUBLIC),
    ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Reserved, PUBLIC, Some(UniqueLocal)),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", UniqueLocal, Some(Reserved), Some(Reserved)),
    ("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Reserved, Some(UniqueLocal), Some(LinkLocal)),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", LinkLocal, Some(Reserved), Some(SiteLocal)),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SiteLocal, Some(LinkLocal), Some(Multicast)),
];

fn next_to(address: IpAddr, step: i32) -> IpAddr {
    match address {
        IpAddr::V4(four) => {
            Ipv4Addr::from_bits(four.to_bits().checked_add_signed(step).unwrap()).into()
        }
        IpAddr::V6(six) => {
            Ipv6Addr::from_bits(six.to_bits().checked_add_signed(step.into()).unwrap()).into()
        }
    }
}

#[test]
fn each_address_has_its_class() {
    for (expected, addresses) in CLASSES {
        for text in addresses.split_whitespace() {
            assert_eq!(special_use(ip(text)), *expected, "{text}");
        }
    }
    for text in METADATA {
        assert_eq!(special_use(ip(text)), Some(Metadata), "{text}");
    }
    let known = CLASSES.iter().map(|(_, text)| text.split(' ').count());
    assert!(known.sum::<usize>() + METADATA.len() >= 120);
}

#[test]
fn a_block_begins_and_ends_where_it_is_said_to() {
    for (first, last, class, before, after) in EDGES {
        for edge in [first, last] {
            assert_eq!(special_use(ip(edge)), Some(*class), "{edge}");
        }
        let neighbor = next_to(ip(first), -1);
        assert_eq!(special_use(neighbor), *before, "{neighbor}");
        let neighbor = next_to(ip(last), 1);
        assert_eq!(special_use(neighbor), *after, "{neighbor}");
    }
}

#[test]
fn a_reason_completes_a_sentence() {
    for (class, _) in CLASSES {
        let Some(text) = class.map(|class| class.to_string()) else {
            continue;
        };
        let article = text.split(' ').next().unwrap();
        assert!(["a", "an", "the"].contains(&article), "{text}");
        assert!(!text.ends_with('.'), "{text}");
    }
}
