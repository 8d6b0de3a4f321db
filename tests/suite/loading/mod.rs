//! From files in the plugins folder to connectors that serve, at startup and while the host runs.

mod cache;
mod cold_start;
mod compiled;
mod compiler;
mod config;
mod folders;
mod idle;
mod refused_files;
mod reload;
mod signals;
mod slow;
mod special_files;

use weld_host_tests::host::Host;

/// Checks the startup line about a connector that failed to load.
fn assert_not_loaded(host: &Host, connector: &str, reason: &str) {
    let line = host.announcement(connector);
    assert!(
        line.contains("not loaded: ") && line.contains(reason),
        "{line}"
    );
}
