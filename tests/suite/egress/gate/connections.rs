//! Which addresses connections are made to, and which connections are reused, if a name has several addresses or
//! changes them.

use super::CONFIGS;
use super::attempt::ip;
use super::canary::CLOSE;
use super::controls::{by_both, get, sockets};
use super::world::{IMPORTS, World};
use std::net::IpAddr;

/// A name's addresses, for one look-up after the other.
fn answers(addresses: &[&[&str]]) -> Vec<Vec<IpAddr>> {
    addresses
        .iter()
        .map(|answer| answer.iter().map(|address| ip(address)).collect())
        .collect()
}

#[test]
fn only_public_addresses_of_a_mixed_answer_are_dialed() {
    let world = World::start(CONFIGS);
    by_both(&world, |import| {
        let name = format!("{import}.mixed.example.com");
        let mixed = [
            "10.0.0.1",
            "1.1.1.1",
            "::1",
            "2606:4700::1111",
            "169.254.169.254",
            "8.8.8.8",
            "0.0.0.0",
        ];
        world.network.answer(&name, &answers(&[&mixed]));
        // Nothing answers at the first ones, so that the host tries every address that it would use.
        world.network.dead(&[ip("1.1.1.1"), ip("2606:4700::1111")]);
        let row = world.ask("rules", import, &get(&format!("http://{name}/")));
        assert_eq!(row["body"], "chirp", "{import}: {row}");
        let public = ["1.1.1.1", "2606:4700::1111", "8.8.8.8"];
        assert_eq!(world.network.dialed(), sockets(&public, 80), "{import}");
    });
}

#[test]
fn unreachable_public_addresses_do_not_open_others() {
    let world = World::start(CONFIGS);
    by_both(&world, |import| {
        let name = format!("{import}.dead.example.com");
        world.network.answer(
            &name,
            &answers(&[&["1.1.1.1", "127.0.0.1"], &["127.0.0.1"]]),
        );
        world.network.dead(&[ip("1.1.1.1")]);
        let row = world.ask("rules", import, &get(&format!("http://{name}/")));
        assert_eq!(row["error"], "failed", "{import}: {row}");
        assert_eq!(
            world.network.dialed(),
            sockets(&["1.1.1.1"], 80),
            "{import}"
        );
        assert!(world.canary.received().is_empty(), "{import}");
    });
}

#[test]
fn every_answer_for_a_name_is_checked() {
    let world = World::start(CONFIGS);
    by_both(&world, |import| {
        let name = format!("{import}.changes.example.com");
        world.network.answer(
            &name,
            &answers(&[&["1.1.1.1"], &["127.0.0.1"], &["8.8.8.8"]]),
        );
        let url = get(&format!("http://{name}{CLOSE}"));
        let public = world.ask("rules", import, &url);
        assert_eq!(public["body"], "chirp", "{import}: {public}");
        let private = world.ask("rules", import, &url);
        assert_eq!(private["error"], "denied", "{import}: {private}");
        let public = world.ask("rules", import, &url);
        assert_eq!(public["body"], "chirp", "{import}: {public}");
        assert_eq!(world.network.looked_up().len(), 3, "{import}");
        assert_eq!(world.network.dialed(), sockets(&["1.1.1.1", "8.8.8.8"], 80));
        assert_eq!(world.canary.received().len(), 2, "{import}");
    });
}

#[test]
fn reused_connection_leads_to_its_original_address() {
    let world = World::start(CONFIGS);
    by_both(&world, |import| {
        let name = format!("{import}.kept.example.com");
        world
            .network
            .answer(&name, &answers(&[&["1.1.1.1"], &["127.0.0.1"]]));
        let (kept, last) = (
            get(&format!("http://{name}/")),
            get(&format!("http://{name}{CLOSE}")),
        );
        for request in [&kept, &kept, &last] {
            let row = world.ask("rules", import, request);
            assert_eq!(row["body"], "chirp", "{import}: {row}");
        }
        // The connection is closed now, and the name has other addresses.
        let row = world.ask("rules", import, &kept);
        assert_eq!(row["error"], "denied", "{import}: {row}");
        assert_eq!(world.network.looked_up().len(), 2, "{import}");
        assert_eq!(
            world.network.dialed(),
            sockets(&["1.1.1.1"], 80),
            "{import}"
        );
        assert_eq!(world.canary.received().len(), 3, "{import}");
    });
}

#[test]
fn connection_of_one_connector_is_not_used_by_another() {
    let world = World::start(CONFIGS);
    world
        .network
        .answer("shared.example.com", &answers(&[&["10.0.0.1"]]));
    let url = get("http://shared.example.com/");
    for (import, _) in IMPORTS {
        let row = world.ask("networks", import, &url);
        assert_eq!(row["body"], "chirp", "{import}: {row}");
        // The other connector may; this one may not, though a connection to that address is open.
        let row = world.ask("rules", import, &url);
        assert_eq!(row["error"], "denied", "{import}: {row}");
    }
    assert_eq!(world.canary.received().len(), 2);
}
