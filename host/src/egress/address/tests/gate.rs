//! What opens an address.

use super::*;
use SpecialUse::*;

#[test]
fn public_addresses_need_no_permission() {
    for address in ["8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8"] {
        assert_eq!(gate(&[]).permits(ip(address), false), Ok(()), "{address}");
    }
}

#[test]
fn without_a_network_only_a_literal_address_is_open() {
    for (address, class) in [
        ("127.0.0.1", Loopback),
        ("::1", Loopback),
        ("10.0.0.1", Private),
        ("::ffff:10.0.0.1", Private),
        ("64:ff9b::10.0.0.1", Private),
        ("fd00::1", UniqueLocal),
        ("192.0.2.1", Documentation),
        ("169.254.169.254", Metadata),
        ("168.63.129.16", Metadata),
        ("64:ff9b::169.254.169.254", Metadata),
    ] {
        let gate = gate(&[]);
        assert_eq!(gate.permits(ip(address), false), Err(class), "{address}");
        assert_eq!(gate.permits(ip(address), true), Ok(()), "{address}");
    }
}

#[test]
fn a_network_opens_only_its_own_addresses() {
    for (networks, address, expected) in [
        (&["10.1.0.0/16"][..], "10.1.2.3", Ok(())),
        (&["10.1.0.0/16"], "10.2.2.3", Err(Private)),
        (&["10.1.0.0/16"], "127.0.0.1", Err(Loopback)),
        (&["127.0.0.0/8"], "::1", Err(Loopback)),
        (&["::1/128"], "::1", Ok(())),
        (&["::1/128"], "127.0.0.1", Err(Loopback)),
        (&["10.0.0.0/8", "fd00::/8"], "fd12::1", Ok(())),
        // Another spelling of an address in the network.
        (&["10.0.0.0/8"], "::ffff:10.1.2.3", Ok(())),
        (&["10.0.0.0/8"], "::10.1.2.3", Ok(())),
        (&["10.0.0.0/8"], "::ffff:0:10.1.2.3", Ok(())),
        (&["10.0.0.0/8"], "64:ff9b::10.1.2.3", Ok(())),
        (&["10.0.0.0/8"], "2002:a01:203::1", Ok(())),
        (&["10.0.0.0/8"], "64:ff9b::192.168.1.1", Err(Private)),
        // The whole address, by its block.
        (&["64:ff9b::/96"], "64:ff9b::10.1.2.3", Ok(())),
        (&["64:ff9b::/96"], "10.1.2.3", Err(Private)),
        (&["64:ff9b:1::/48"], "64:ff9b:1::10.1.2.3", Ok(())),
        (&["2001::/32"], "2001:0:808:808:0:1:f5fe:fdfc", Ok(())),
        // A mapped network is its IPv4 network; a wider one contains no IPv4.
        (&["::ffff:10.0.0.0/104"], "10.1.2.3", Ok(())),
        (&["::ffff:10.0.0.0/104"], "::ffff:10.1.2.3", Ok(())),
        (&["::ffff:10.0.0.0/104"], "192.168.0.1", Err(Private)),
        (&["::ffff:10.0.0.0/104"], "127.0.0.1", Err(Loopback)),
        (&["::/0"], "10.1.2.3", Err(Private)),
        (&["::/0"], "::ffff:10.1.2.3", Err(Private)),
        (&["0.0.0.0/0"], "fd00::1", Err(UniqueLocal)),
        (&["0.0.0.0/0"], "::ffff:10.1.2.3", Ok(())),
    ] {
        let answer = gate(networks).permits(ip(address), false);
        assert_eq!(answer, expected, "{address} by {networks:?}");
    }
}

#[test]
fn a_network_must_open_every_special_part_of_an_address() {
    for (networks, address, expected) in [
        // Client 10.1.2.3 of the server 8.8.8.8, within a tunnel that stays reserved.
        (
            &["10.0.0.0/8"][..],
            "2001:0:808:808:0:1:f5fe:fdfc",
            Err(Reserved),
        ),
        (&["8.0.0.0/8"], "2001:0:808:808:0:1:f5fe:fdfc", Err(Private)),
        (&["10.0.0.0/8"], "fe80::5efe:10.1.2.3", Err(LinkLocal)),
        (&["10.0.0.0/8", "fe80::/10"], "fe80::5efe:10.1.2.3", Ok(())),
        (
            &["10.0.0.0/8"],
            "2002:a01:203::5efe:192.168.0.1",
            Err(Private),
        ),
        (
            &["10.0.0.0/8", "192.168.0.0/16"],
            "2002:a01:203::5efe:192.168.0.1",
            Ok(()),
        ),
    ] {
        let answer = gate(networks).permits(ip(address), false);
        assert_eq!(answer, expected, "{address} by {networks:?}");
    }
}

#[test]
fn metadata_is_opened_only_by_its_exact_address() {
    for (networks, address, expected) in [
        (&["169.254.0.0/16"][..], "169.254.169.254", Err(Metadata)),
        (&["169.254.169.254/31"], "169.254.169.254", Err(Metadata)),
        (&["169.254.169.254/32"], "169.254.169.254", Ok(())),
        (&["169.254.169.254/32"], "::ffff:169.254.169.254", Ok(())),
        (&["169.254.169.254/32"], "64:ff9b::169.254.169.254", Ok(())),
        (&["::ffff:169.254.169.254/128"], "169.254.169.254", Ok(())),
        (&["169.254.170.2/32"], "169.254.169.254", Err(Metadata)),
        (&["64:ff9b::/96"], "64:ff9b::a9fe:a9fe", Err(Metadata)),
        (&["64:ff9b::a9fe:a9fe/128"], "64:ff9b::a9fe:a9fe", Ok(())),
        (&["64:ff9b:1::/48"], "64:ff9b:1::a9fe:a9fe", Err(Metadata)),
        (&["168.63.0.0/16"], "168.63.129.16", Err(Metadata)),
        (&["168.63.129.16/32"], "168.63.129.16", Ok(())),
        (&["fd00::/8"], "fd00:ec2::254", Err(Metadata)),
        (&["fd00:ec2::254/128"], "fd00:ec2::254", Ok(())),
    ] {
        let answer = gate(networks).permits(ip(address), false);
        assert_eq!(answer, expected, "{address} by {networks:?}");
    }
}

#[test]
fn addresses_without_a_meaning_for_connections_stay_closed() {
    for (address, class) in [
        ("0.0.0.0", Unspecified),
        ("::", Unspecified),
        ("::ffff:0.0.0.0", Unspecified),
        ("64:ff9b::0.0.0.0", Unspecified),
        ("224.0.0.1", Multicast),
        ("ff02::1", Multicast),
        ("255.255.255.255", Broadcast),
        ("::ffff:255.255.255.255", Broadcast),
    ] {
        let its_name = IpNet::from(ip(address)).to_string();
        for networks in [&["0.0.0.0/0", "::/0"][..], &[&its_name]] {
            for literal in [false, true] {
                let answer = gate(networks).permits(ip(address), literal);
                assert_eq!(answer, Err(class), "{address} by {networks:?}");
            }
        }
    }
}
