//! A host inside the test's process, for what can't be scripted from outside: name resolution, connections, the
//! clock.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use weld_host::config::{Ceilings, ServerConfig};
use weld_host::connectors::{AdmissionSettings, LoadReport, Plugins};
use weld_host::egress::{Network, Upstreams};
use weld_host::pages::{PageSettings, Pages};
use weld_host::sandbox::{Cache, Compilation, EngineSettings, Runtime};
use weld_host::server::{LiveSettings, Server, ServerSettings};

/// Starts a host with the connectors of a folder over this network, as `weld-host serve` does. It ends with the
/// runtime.
///
/// # Panics
/// If a connector fails to load.
pub async fn serve(
    plugins: &Path,
    network: Arc<dyn Network>,
    compilation: Compilation,
    cache: &Path,
) -> SocketAddr {
    let engine = EngineSettings {
        slots: 4,
        max_memory_bytes: 256 << 20,
        total_memory_bytes: 4 << 30,
        keep_memory_bytes: 24 << 20,
    };
    let cache = Cache::new(cache.to_owned(), 1 << 30).expect("a cache");
    let runtime = Runtime::new(engine, compilation, Some(cache)).expect("an engine");
    let admission = AdmissionSettings {
        slots: 4,
        queue: 4,
        queue_wait: Duration::from_secs(10),
        max_concurrency: 16,
    };
    let plugins = Plugins::new(
        Arc::new(runtime),
        Arc::new(Upstreams::new(network)),
        plugins.to_owned(),
        Ceilings::default(),
    );
    let mut startup = plugins.load(None, admission).await.expect("a folder");
    for report in startup.reports {
        report.outcome.expect("it loads");
    }
    let check = |report: LoadReport| assert!(report.outcome.is_ok(), "{report:?}");
    startup.loader.finish(check).await;
    let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into())
        .await
        .expect("a free port");
    let address = server.local_addr();
    let config = ServerConfig {
        grace: Duration::ZERO,
        ..ServerConfig::default()
    };
    let settings = ServerSettings {
        live: LiveSettings::new(&config),
        trusted_proxies: Vec::new(),
        max_body_bytes: 8 << 20,
        write_timeout: Duration::from_secs(30),
        max_connections: 100,
        compression: true,
        certificate: None,
        tracer: None,
    };
    let pages = Pages::new(
        startup.connectors.clone(),
        PageSettings {
            background: true,
            holds: true,
        },
    );
    tokio::spawn(server.run(startup.connectors, pages, settings, std::future::pending()));
    address
}
