//! Certificates and configurations that change while clients send 200 requests a second: none of them fails.

use super::client::{AUTHORITY, GOOD, TlsConnection, encrypted};
use super::load::Load;
use super::put;
use crate::{guests, host};
use std::net::SocketAddr;
use weld_host_tests::connection::Connection;
use weld_host_tests::until;

/// How many certificates a host shows to a new client.
fn shown(address: SocketAddr) -> usize {
    TlsConnection::open(address).unwrap().chain_length()
}

#[test]
fn no_request_fails_while_the_certificate_is_replaced() {
    let host = encrypted(host())
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    let file = host.plugins().join("server.pem");
    let load = Load::begin(host.address(), TlsConnection::open);
    load.go_on();
    // The clients trust both: the same certificate without and with its authority's.
    let chain = format!("{GOOD}{AUTHORITY}");
    for (pem, certificates) in [(chain.as_str(), 2), (GOOD, 1), (chain.as_str(), 2)] {
        put(&file, pem);
        until("the new certificate is shown", || {
            shown(host.address()) == certificates
        });
        load.go_on();
    }
    load.end();
}

#[test]
fn no_request_fails_while_a_connectors_configuration_changes() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--reload", "100ms")
        .start();
    let load = Load::begin(host.address(), Connection::open);
    let toml = host.plugins().join("guest.toml");
    load.go_on();
    for number in 1..=3 {
        put(&toml, &format!("[env]\nNUMBER = \"{number}\"\n"));
        until("the new version serves", || {
            let reloaded = |line: &&String| line.contains("connector reloaded");
            host.log().so_far().iter().filter(reloaded).count() >= number
        });
        load.go_on();
    }
    load.end();
}
