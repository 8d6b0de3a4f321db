//! What the server's flags and environment set, and what counts where they set nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::config::ceilings::{Ceilings, MAX_BODY_BYTES};
use crate::config::name::ConnectorName;
use crate::config::secret::Secret;

/// What compiling one component may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// `--compile-memory`: memory, in bytes; at least [`CompileLimits::MIN_MEMORY_BYTES`].
    pub memory_bytes: u64,
    /// `--compile-time`: time by the clock, once it has begun; more than 0.
    pub time: Duration,
}

impl CompileLimits {
    /// The least with which the smallest component can be compiled.
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

/// The settings of the server, as its flags and environment give them.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `--listen`: the address of the protocol's listener; port 0 takes any free one.
    pub listen: SocketAddr,
    /// `--plugins`: the folder of `NAME.wasm` and `NAME.toml`, or one `NAME.wasm`.
    pub plugins: PathBuf,
    /// `--cache`: the folder of compiled code; made where it isn't there. None compiles every connector at
    /// every start.
    pub cache: Option<PathBuf>,
    /// `WELD_API_KEY`: the keys that open connectors without keys of their own. Empty for a server
    /// that asks for none, which it may only on loopback.
    pub api_keys: Vec<Secret>,
    /// `--reload`: how often the plugins folder is looked at where the system tells of no change; none (`off`) reads it
    /// at start only.
    pub reload: Option<Duration>,
    /// `--unmap-after`: how long a connector that nobody calls keeps its compiled code mapped; none (`off`) for ever.
    pub unmap_after: Option<Duration>,
    /// `--default`: the connector that also answers at `/` and `/schema`; without it, the only one
    /// loaded does.
    pub default_connector: Option<ConnectorName>,
    /// `--slots`: calls that run or sleep at the same time, over all connectors; more than 0. None, and what the machine
    /// can't hold, is as many as it can.
    pub slots: Option<u32>,
    /// `--total-memory`: linear memories and tables of all calls together, in bytes. None is half of what the machine,
    /// or the control group of the process, has.
    pub total_memory_bytes: Option<u64>,
    /// `--keep-memory`: how much of its linear memory a sandbox that comes free keeps for the next call, in bytes. May
    /// be 0.
    pub keep_memory_bytes: u64,
    /// `--queue`: calls that may wait for a slot; those beyond it are answered with `busy` at once.
    /// May be 0.
    pub queue: u32,
    /// `--queue-wait`: how long a call waits for a slot before it is answered with `busy`.
    pub queue_wait: Duration,
    /// `--max-memory` and its like: what connectors' own files may ask for at the most. [`ServerConfig::effective_ceilings`] says what
    /// `max_body_bytes` leaves of it.
    pub ceilings: Ceilings,
    /// What compiling one component may take.
    pub compiling: CompileLimits,
    /// `--no-background` turns it off: whether a call may go on while no request waits for it.
    pub background: bool,
    /// `--grace`: how long pages in flight may take to finish at shutdown.
    pub grace: Duration,
    /// `--max-body`: the largest body of a request, also once decompressed, in bytes; more than 0.
    pub max_body_bytes: u64,
    /// `--body-timeout`: how long a client may take to send a body; more than 0.
    pub body_timeout: Duration,
    /// `--write-timeout`: how long a client may take nothing of its answer; more than 0.
    pub write_timeout: Duration,
}

impl ServerConfig {
    /// The port that a host listens on by default.
    pub const PORT: u16 = 8080;
    /// [`ServerConfig::plugins`] by default.
    pub const PLUGINS: &str = "./plugins";

    /// For a host that one command starts and ends: what it loads stays as it is, and stays loaded.
    pub fn unattended() -> Self {
        Self {
            reload: None,
            unmap_after: None,
            ..Self::default()
        }
    }

    /// What connectors' own files may ask for at the most.
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
            api_keys: Vec::new(),
            // The system tells of most changes by itself.
            reload: Some(Duration::from_secs(10)),
            unmap_after: Some(Duration::from_secs(10 * 60)),
            default_connector: None,
            slots: None,
            total_memory_bytes: None,
            // Page faults, not wasm code, were two thirds of the time of a page in Python without it.
            keep_memory_bytes: 24 << 20,
            queue: 256,
            queue_wait: Duration::from_secs(10),
            ceilings: Ceilings::default(),
            compiling: CompileLimits::default(),
            background: true,
            // What Kubernetes waits between SIGTERM and SIGKILL.
            grace: Duration::from_secs(30),
            max_body_bytes: MAX_BODY_BYTES,
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
        }
    }
}
