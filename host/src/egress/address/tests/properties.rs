//! Properties of every address. `PROPTEST_CASES` says how many are tried.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Blocks that are not globally reachable, written independently of the host's own tables.
const LISTED: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::/128",
    "::1/128",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:2::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

fn listed() -> Vec<IpNet> {
    LISTED.iter().map(|text| text.parse().unwrap()).collect()
}

/// An address of the network, with the bits after the prefix taken from `bits`.
fn within(network: IpNet, bits: u128) -> IpAddr {
    match network {
        IpNet::V4(four) => {
            let bits = u32::try_from(bits >> 96).unwrap() & four.hostmask().to_bits();
            Ipv4Addr::from_bits(four.network().to_bits() | bits).into()
        }
        IpNet::V6(six) => {
            let bits = bits & six.hostmask().to_bits();
            Ipv6Addr::from_bits(six.network().to_bits() | bits).into()
        }
    }
}

/// Many of these are special, which few would be by chance.
fn any_v4() -> impl Strategy<Value = Ipv4Addr> {
    let blocks = listed().into_iter().filter_map(|block| match block {
        IpNet::V4(four) => Some(four),
        IpNet::V6(_) => None,
    });
    let of_a_block =
        (select(blocks.collect::<Vec<_>>()), any::<u32>()).prop_map(|(block, bits)| {
            Ipv4Addr::from_bits(block.network().to_bits() | bits & block.hostmask().to_bits())
        });
    prop_oneof![any::<Ipv4Addr>(), of_a_block, v4_metadata()]
}

fn v4_metadata() -> impl Strategy<Value = Ipv4Addr> {
    let all = METADATA.iter().filter_map(|text| text.parse().ok());
    select(all.collect::<Vec<Ipv4Addr>>())
}

/// An address of a metadata service, in any spelling.
fn metadata() -> impl Strategy<Value = IpAddr> {
    let by_itself = select(METADATA).prop_map(ip);
    let inside = (v4_metadata(), any::<prop::sample::Index>())
        .prop_map(|(address, index)| *index.get(&same_as(address)));
    let server = (v4_metadata(), any_v4()).prop_map(|(inside, other)| teredo(inside, other));
    let client = (any_v4(), v4_metadata()).prop_map(|(other, inside)| teredo(other, inside));
    prop_oneof![by_itself, inside, server, client]
}

proptest! {
    #[test]
    fn an_address_inside_decides_in_every_spelling(inside in any_v4()) {
        for address in same_as(inside) {
            prop_assert_eq!(special_use(address), special_use(inside.into()), "{}", address);
        }
    }

    #[test]
    fn no_address_of_a_listed_block_is_public(block in select(listed()), bits: u128) {
        let address = within(block, bits);
        prop_assert!(special_use(address).is_some(), "{}", address);
    }

    #[test]
    fn an_ipv4_address_of_no_listed_block_is_public(address: Ipv4Addr) {
        let address = IpAddr::V4(address);
        let special = listed().iter().any(|block| block.contains(&address));
        prop_assert_eq!(special_use(address).is_some(), special);
    }

    #[test]
    fn an_ipv6_address_of_no_listed_block_is_public_where_addresses_are_given_out(bits: u128) {
        let address = within("2000::/3".parse().unwrap(), bits);
        let IpAddr::V6(six) = address else { unreachable!() };
        let [first, _, _, _, _, isatap, ..] = six.segments();
        prop_assume!(first != 0x2002 && isatap != 0x5efe);
        let special = listed().iter().any(|block| block.contains(&address));
        prop_assert_eq!(special_use(address).is_some(), special);
    }

    #[test]
    fn an_ipv6_address_that_was_never_given_out_is_special(
        begin in select(vec!["::/3", "4000::/3", "6000::/3", "8000::/3", "a000::/3", "c000::/3", "e000::/3"]),
        bits: u128,
    ) {
        let address = within(begin.parse().unwrap(), bits);
        let IpAddr::V6(six) = address else { unreachable!() };
        // All forms with a public address inside begin with these.
        let [first, second, third, fourth, ..] = six.segments();
        prop_assume!(![[0, 0, 0, 0], [0x64, 0xff9b, 0, 0]].contains(&[first, second, third, fourth]));
        prop_assert!(special_use(address).is_some(), "{}", address);
    }

    #[test]
    fn teredo_is_never_public(server in any_v4(), client in any_v4()) {
        prop_assert!(special_use(teredo(server, client)).is_some());
    }

    #[test]
    fn no_wider_network_opens_metadata(address in metadata(), prefixes: [u8; 4]) {
        let wider = |around: IpAddr, prefix: u8| {
            let longest = if around.is_ipv4() { 32 } else { 128 };
            IpNet::new(around, prefix % longest).unwrap()
        };
        let mut networks: Vec<_> = prefixes.iter().map(|prefix| wider(address, *prefix)).collect();
        for text in METADATA {
            networks.extend(prefixes.iter().map(|prefix| wider(ip(text), *prefix)));
        }
        prop_assert!(AddressGate::new(networks).permits(address, false).is_err(), "{}", address);
    }

    #[test]
    fn an_address_is_open_by_name_exactly_when_it_is_open_as_a_literal(
        block in select(listed()),
        bits: u128,
    ) {
        let address = within(block, bits);
        let by_name = AddressGate::new(vec![IpNet::from(address)]).permits(address, false);
        prop_assert_eq!(by_name, AddressGate::new(Vec::new()).permits(address, true));
    }

    #[test]
    fn what_opens_an_ipv4_address_opens_its_translated_forms(inside in any_v4(), prefix in 0..=32_u8) {
        let gate = AddressGate::new(vec![Ipv4Net::new(inside, prefix).unwrap().into()]);
        for address in same_as(inside) {
            prop_assert_eq!(
                gate.permits(address, false),
                gate.permits(inside.into(), false),
                "{}", address
            );
        }
    }
}
