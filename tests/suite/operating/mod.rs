//! The server as supervisors and operators use it: probes, the admin listener, the configuration, TLS, HTTP/2, compressed
//! answers, restarts, hardened systems, clients' addresses, and keys.

mod addresses;
mod admin_access;
mod admin_limits;
mod admin_socket;
mod admin_wrong_keys;
mod attempts;
mod client;
mod compression;
mod configuration;
mod connector_list;
mod fronts;
mod hardened;
mod http2;
mod http2_client;
mod http2_departure;
mod http2_frames;
mod http2_heads;
mod key_files;
mod load;
mod log_level;
mod metrics;
mod own_keys;
mod place;
mod policy;
mod probes;
mod reload_request;
mod reload_under_load;
mod restart;
mod restart_connections;
mod restart_under_load;
mod service_manager;
mod settings_in_effect;
mod settings_reload;
mod status;
mod tls;
mod traces;
mod units;

use crate::{guests, host};
pub(crate) use client::{AUTHORITY, GOOD, KEY, TlsConnection};
pub(crate) use load::Load;
pub(crate) use place::Place;
use serde_json::json;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::Message;
use weld_host_tests::weld::Request;

/// A host with an admin listener on a free port.
pub(crate) fn with_admin(builder: HostBuilder) -> (Host, SocketAddr) {
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

/// Puts a file in the place of another one, as careful programs do.
fn put(path: &Path, content: &str) {
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::rename(&new, path).unwrap();
}

/// A host with three sandboxes and a queue of one, and a connector `greedy` whose pages compute for minutes.
fn three_sandboxes() -> HostBuilder {
    host()
        .plugin("greedy", guests::LOOPS_FOREVER)
        .config("greedy", "[limits]\ncpu-time = \"10m\"\nconcurrency = 3")
        .flag("--slots", "3")
        .flag("--queue", "1")
        .flag("--queue-wait", "10m")
}

/// Begins pages of `greedy` in all sandboxes of [`three_sandboxes`], one more that is queued, and one that is refused.
fn fill_queue(host: &Host) -> Vec<impl Sized> {
    let weld = host.weld("greedy");
    let pages = (0..5).map(|page| weld.page_request("rows", &json!({ "page": page })).begin());
    let pages = pages.collect();
    host.log()
        .wait_for("the queue is full", |line| line.contains("kind=\"busy\""));
    pages
}

fn get(admin: SocketAddr, path: &str) -> Message {
    Request::new(admin, "GET", path).send()
}
