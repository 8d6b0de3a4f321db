//! The demo API as an upstream, and the example connector that fetches from it.

use crate::host::HostBuilder;
use crate::weld::Request;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::runtime::Runtime;
use weld_host::demo::{DemoApi, DemoConfig, EXAMPLE_CONNECTOR, Table};

/// What the API takes as a key.
pub const TOKEN: &str = "demo-api-token";

/// The demo API on a port of its own, until it is dropped.
pub struct Api {
    /// Where it listens.
    pub address: SocketAddr,
    _runtime: Runtime,
}

impl Api {
    /// Starts it.
    ///
    /// # Panics
    /// Where it can't be started.
    pub fn start(config: DemoConfig) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let api = runtime
            .block_on(DemoApi::bind(([127, 0, 0, 1], 0).into(), config))
            .unwrap();
        let address = api.local_addr();
        runtime.spawn(api.run(std::future::pending()));
        Self {
            address,
            _runtime: runtime,
        }
    }

    /// How the example connector is set up for this API by its users, with more of its configuration.
    pub fn config(&self, more: &str) -> String {
        let origin = format!("http://{}", self.address);
        format!(
            "[env]\nAPI_BASE_URL = \"{origin}\"\nPAUSE_MS = \"0\"\nAPI_BEARER_TOKEN = \"{TOKEN}\"\n\
             [network]\nallow = [\"{origin}\"]\n{more}"
        )
    }

    /// How many rows of a table it has served.
    ///
    /// # Panics
    /// Where it doesn't answer.
    pub fn served(&self, table: Table) -> u64 {
        let stats = Request::new(self.address, "GET", "/_stats").send().json();
        stats[table.name()]["rows"].as_u64().expect("a number")
    }

    /// Changes something in the API; answers what it says of that.
    ///
    /// # Panics
    /// Where it refuses.
    pub fn post(&self, path: &str) -> Value {
        let target = format!("{path}?api_token={TOKEN}");
        let answer = Request::new(self.address, "POST", &target).body("").send();
        assert_eq!(answer.status(), 200, "{}", answer.text());
        answer.json()
    }
}

/// An API without a quota.
pub fn unlimited() -> DemoConfig {
    DemoConfig {
        quota: 0,
        ..DemoConfig::default()
    }
}

impl HostBuilder {
    /// With the example connector as `beers`, of this configuration.
    pub fn example(self, config: &str) -> Self {
        self.file("beers.wasm", EXAMPLE_CONNECTOR)
            .config("beers", config)
    }
}
