//! The server as supervisors and operators use it: probes, the admin listener, the configuration, TLS, HTTP/2, compressed
//! answers, restarts, hardened systems, clients' addresses, and keys.

mod addresses;
mod admin_access;
mod admin_socket;
mod attempts;
mod client;
mod compression;
mod configuration;
mod connector_list;
mod hardened;
mod http2;
mod http2_client;
mod key_files;
mod log_level;
mod metrics;
mod place;
mod policy;
mod probes;
mod reload_request;
mod restart;
mod restart_under_load;
mod service_manager;
mod settings_reload;
mod status;
mod tls;
mod units;

use std::net::SocketAddr;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::Message;
use weld_host_tests::weld::Request;

/// A host with an admin listener on a free port.
fn with_admin(builder: HostBuilder) -> (Host, SocketAddr) {
    let host = builder.flag("--admin", "127.0.0.1:0").start();
    let address = admin_address(&host).parse().unwrap();
    (host, address)
}

/// The address of the admin listener, as the host announces it.
fn admin_address(host: &Host) -> String {
    let begin = "  admin listener on ";
    let line = host
        .stdout()
        .wait_for("the admin listener", |line| line.starts_with(begin));
    let address = line.trim_start_matches(begin);
    address.trim_start_matches("http://").to_owned()
}

fn get(admin: SocketAddr, path: &str) -> Message {
    Request::new(admin, "GET", path).send()
}
