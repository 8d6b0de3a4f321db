//! The demo API as an upstream, and the example connector that fetches from it.

use crate::host::HostBuilder;
use crate::weld::Request;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::runtime::Runtime;
use weld_host::demo::{DemoApi, DemoConfig, EXAMPLE_CONNECTOR, Table};

/// The key that the API accepts.
pub const TOKEN: &str = "demo-api-token";

/// The demo API on its own port. Dropping it stops it.
pub struct Api {
    /// The address it listens on.
    pub address: SocketAddr,
    _runtime: Runtime,
}

impl Api {
    /// Starts the API.
    ///
    /// # Panics
    /// If it can't be started.
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

    /// The example connector's configuration for this API as its users write it, followed by `more`.
    pub fn config(&self, more: &str) -> String {
        let origin = format!("http://{}", self.address);
        format!(
            "[env]\nAPI_BASE_URL = \"{origin}\"\nPAUSE_MS = \"0\"\nAPI_BEARER_TOKEN = \"{TOKEN}\"\n\
             [network]\nallow = [\"{origin}\"]\n{more}"
        )
    }

    /// How many rows of a table the API has served.
    ///
    /// # Panics
    /// If it doesn't answer.
    pub fn served(&self, table: Table) -> u64 {
        let stats = Request::new(self.address, "GET", "/_stats").send().json();
        stats[table.name()]["rows"].as_u64().expect("a number")
    }

    /// Changes something in the API, and returns its answer.
    ///
    /// # Panics
    /// If it refuses.
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
    /// Adds the example connector as `beers`, with this configuration.
    pub fn example(self, config: &str) -> Self {
        self.file("beers.wasm", EXAMPLE_CONNECTOR)
            .config("beers", config)
    }
}
