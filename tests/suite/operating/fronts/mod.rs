//! The host behind real proxies with the configurations in `deploy/`: nginx and Caddy. A run of all tests leaves these out,
//! since the proxies must be installed; `just fronts` gets and runs them.

mod front;
mod several;
mod single;

use crate::host;
use weld_host_tests::host::HostBuilder;

/// The key of each host here: without one, a host answers only clients on its own machine.
const KEY: &str = "the-key-that-weld-sends";

/// A host that believes a proxy on its machine.
fn keyed() -> HostBuilder {
    host()
        .variable("WELD_API_KEY", KEY)
        .flag("--trusted-proxies", "127.0.0.1/32")
}
