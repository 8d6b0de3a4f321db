//! The values of the server's flags and environment, with their defaults.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::admin_address::AdminAddress;
use crate::config::ceilings::{Ceilings, MAX_BODY_BYTES};
use crate::config::name::ConnectorName;
use crate::config::otlp::{OtlpEndpoint, TraceConfig};
use crate::config::policy::Policy;
use crate::config::proxy::ProxyConfig;
use crate::config::secret::Secret;

/// Limits on compiling one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// `--compile-memory`: memory, in bytes; at least [`CompileLimits::MIN_MEMORY_BYTES`].
    pub memory_bytes: u64,
    /// `--compile-time`: elapsed time since compiling began; more than 0.
    pub time: Duration,
}

impl CompileLimits {
    /// The smallest limit with which even the smallest component compiles.
    pub const MIN_MEMORY_BYTES: u64 = 16 << 20;
}

impl Default for CompileLimits {
    /// 2 GiB and 5 minutes.
    fn default() -> Self {
        Self {
            memory_bytes: 2 << 30,
            time: Duration::from_secs(300),
        }
    }
}

/// The settings of the server, from its flags and environment.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `--listen`: the address of the protocol's listener; port 0 for any free port.
    pub listen: SocketAddr,
    /// `--plugins`: the folder of `NAME.wasm` and `NAME.toml`, or one `NAME.wasm`.
    pub plugins: PathBuf,
    /// `--cache`: the folder of compiled code, created if it is missing. `None` compiles every connector at every
    /// start.
    pub cache: Option<PathBuf>,
    /// `--cache-size`: how much that folder may hold, in bytes. It holds more only if the loaded connectors need more.
    pub cache_bytes: u64,
    /// `--compiled`: the folder of the components' compiled files. `None` uses none, or those next to the components if
    /// they are required.
    pub compiled: Option<PathBuf>,
    /// Whether components may be compiled; `--require-compiled` turns this off.
    pub may_compile: bool,
    /// `WELD_API_KEY`: the keys for connectors without keys of their own. Empty for a server that requires no key,
    /// which may listen only on loopback.
    pub api_keys: Vec<Secret>,
    /// `--admin`: the address of the admin listener; `None` for none.
    pub admin: Option<AdminAddress>,
    /// `--otlp`: the collector of traces; `None` if only the variables of OpenTelemetry may name one.
    pub otlp: Option<OtlpEndpoint>,
    /// How traces are exported; `None` if they are not.
    pub traces: Option<Arc<TraceConfig>>,
    /// `WELD_ADMIN_KEY`: the keys of the admin listener. Empty if it requires none, which is possible only where other
    /// machines can't connect.
    pub admin_keys: Vec<Secret>,
    /// `--api-key-file`: the file that `api_keys` come from, which is followed. `None` if they come from elsewhere.
    pub api_key_file: Option<PathBuf>,
    /// `--admin-key-file`: the file that `admin_keys` come from, which is followed. `None` if they come from elsewhere.
    pub admin_key_file: Option<PathBuf>,
    /// `--trusted-proxies`: the networks of the proxies whose word about a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// `--reload`: how often the plugins folder is read if the system doesn't report changes; `None` (`off`) reads it
    /// only at startup.
    pub reload: Option<Duration>,
    /// `--unmap-after`: how long the compiled code of an unused connector stays mapped; `None` (`off`) for forever.
    pub unmap_after: Option<Duration>,
    /// `--default`: the connector that also answers at `/` and `/schema`; `None` for the only one loaded.
    pub default_connector: Option<ConnectorName>,
    /// `--slots`: the number of calls that run or sleep at the same time, over all connectors; more than 0. `None`, or
    /// more than the machine can hold, is as many as it can hold.
    pub slots: Option<u32>,
    /// `--total-memory`: the limit on linear memories and tables of all calls together, in bytes. `None` is half of the
    /// memory of the machine, or of the process's control group.
    pub total_memory_bytes: Option<u64>,
    /// `--keep-memory`: how much of its linear memory a free sandbox keeps for the next call, in bytes. May be 0.
    pub keep_memory_bytes: u64,
    /// `--queue`: the number of calls that may wait for a slot; further calls get `busy` at once. May be 0.
    pub queue: u32,
    /// `--queue-wait`: how long a call waits for a slot before it gets `busy`.
    pub queue_wait: Duration,
    /// `--max-memory` and similar flags: upper bounds of what connectors' files may configure.
    /// [`ServerConfig::effective_ceilings`] combines them with `max_body_bytes`.
    pub ceilings: Ceilings,
    /// Section `[policy]` of `weld-host.toml`: what connectors' files may say at most.
    pub policy: Arc<Policy>,
    /// `--https-proxy`, `--http-proxy`, `--no-proxy` and `--proxy-resolves`: how connectors' requests reach APIs.
    pub proxies: ProxyConfig,
    /// Limits on compiling one component.
    pub compiling: CompileLimits,
    /// Whether a call may continue while no request waits for it; `--no-background` turns this off.
    pub background: bool,
    /// `--drain`: how long the port stays open after the signal to stop; at most nine tenths of `grace`
    /// count.
    pub drain: Duration,
    /// `--grace`: how long everything may take after the signal to stop.
    pub grace: Duration,
    /// `--max-body`: the largest body of a request, before and after decompression, in bytes; more than 0.
    pub max_body_bytes: u64,
    /// `--body-timeout`: how long a client may take to send a body; more than 0.
    pub body_timeout: Duration,
    /// `--write-timeout`: how long a client may read nothing of its answer; more than 0.
    pub write_timeout: Duration,
    /// Whether answers are compressed for clients that accept it; `--no-compression` turns this off.
    pub compression: bool,
    /// `--tls-cert`: the file with the server's certificate. `None` for HTTP without TLS.
    pub tls_cert: Option<PathBuf>,
    /// `--tls-key`: the file with the certificate's key. `None` for HTTP without TLS.
    pub tls_key: Option<PathBuf>,
}

impl ServerConfig {
    /// The default port.
    pub const PORT: u16 = 8080;
    /// The default of [`ServerConfig::plugins`].
    pub const PLUGINS: &str = "./plugins";

    /// The settings for a host that runs within one command: loaded connectors are neither reloaded nor unmapped, and
    /// it ends without a drain.
    pub fn unattended() -> Self {
        Self {
            reload: None,
            unmap_after: None,
            // No load balancer has to notice that it ends.
            drain: Duration::ZERO,
            ..Self::default()
        }
    }

    /// The upper bounds of what connectors' files may configure.
    pub fn effective_ceilings(&self) -> Ceilings {
        Ceilings {
            state_bytes: Ceilings::state_in(self.max_body_bytes),
            ..self.ceilings
        }
    }
}

impl Default for ServerConfig {
    /// A server without keys that listens on loopback.
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, Self::PORT).into(),
            plugins: Self::PLUGINS.into(),
            cache: None,
            cache_bytes: 4 << 30,
            compiled: None,
            may_compile: true,
            api_keys: Vec::new(),
            admin: None,
            otlp: None,
            traces: None,
            admin_keys: Vec::new(),
            api_key_file: None,
            admin_key_file: None,
            trusted_proxies: Vec::new(),
            // The system reports most changes on its own.
            reload: Some(Duration::from_secs(10)),
            unmap_after: Some(Duration::from_secs(10 * 60)),
            default_connector: None,
            slots: None,
            total_memory_bytes: None,
            // Without it, page faults rather than wasm code were two thirds of the time of a page in Python.
            keep_memory_bytes: 24 << 20,
            queue: 256,
            queue_wait: Duration::from_secs(10),
            ceilings: Ceilings::default(),
            policy: Arc::default(),
            proxies: ProxyConfig::default(),
            compiling: CompileLimits::default(),
            background: true,
            // Load balancers look every few seconds.
            drain: Duration::from_secs(5),
            // The time that Kubernetes waits between SIGTERM and SIGKILL.
            grace: Duration::from_secs(30),
            max_body_bytes: MAX_BODY_BYTES,
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            compression: true,
            tls_cert: None,
            tls_key: None,
        }
    }
}
