//! What the server's flags and environment set.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::error::ConfigError;
use super::limits::{Ceilings, MIN_MEMORY_BYTES, MIN_TIME};
use super::name::ConnectorName;
use super::quantity::{duration_text, size_text};
use super::secret::Secret;

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
    /// What connectors' own files may ask for at the most.
    pub ceilings: Ceilings,
    /// What compiling one component may take.
    pub compiling: CompileLimits,
    /// `--no-background` makes it false: whether a call may go on while no request waits for it.
    pub background: bool,
    /// `--grace`: how long pages in flight may take to finish at shutdown.
    pub grace: Duration,
    /// `--max-body`: the largest body of a request, also once decompressed, in bytes; more than 0.
    pub max_body_bytes: u64,
    /// `--body-timeout`: how long a client may take to send a body; more than 0.
    pub body_timeout: Duration,
}

impl ServerConfig {
    /// [`ServerConfig::keep_memory_bytes`] by default: 64 MiB. Page faults, not wasm code, were two thirds of the time of
    /// a page in Python without it.
    pub const KEEP_MEMORY_BYTES: u64 = 64 << 20;
    /// [`ServerConfig::queue`] by default.
    pub const QUEUE: u32 = 256;
    /// [`ServerConfig::queue_wait`] by default: 10 s.
    pub const QUEUE_WAIT: Duration = Duration::from_secs(10);
    /// [`ServerConfig::grace`] by default: 30 s, what Kubernetes waits between SIGTERM and SIGKILL.
    pub const GRACE: Duration = Duration::from_secs(30);
    /// [`ServerConfig::max_body_bytes`] by default: 8 MiB. A body is little more than a state.
    pub const MAX_BODY_BYTES: u64 = 8 << 20;
    /// [`ServerConfig::body_timeout`] by default: 30 s.
    pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);

    /// A server without keys, all else at its default.
    pub fn new(listen: SocketAddr, plugins: PathBuf, cache: Option<PathBuf>) -> Self {
        Self {
            listen,
            plugins,
            cache,
            api_keys: Vec::new(),
            reload: None,
            unmap_after: None,
            default_connector: None,
            slots: None,
            total_memory_bytes: None,
            keep_memory_bytes: Self::KEEP_MEMORY_BYTES,
            queue: Self::QUEUE,
            queue_wait: Self::QUEUE_WAIT,
            ceilings: Ceilings::default(),
            compiling: CompileLimits::default(),
            background: true,
            grace: Self::GRACE,
            max_body_bytes: Self::MAX_BODY_BYTES,
            body_timeout: Self::BODY_TIMEOUT,
        }
    }

    /// Checks what no single flag can.
    ///
    /// # Errors
    ///
    /// - [`ConfigError::TooSmall`]: no slots, no bodies or no time to send them, or ceilings below
    ///   the least that a connector may ask for.
    /// - [`ConfigError::UnusableKey`]: a key is empty, or no request could carry it.
    /// - [`ConfigError::NoKey`]: there is no key, and `listen` isn't loopback.
    pub fn check(&self) -> Result<(), ConfigError> {
        let least = [
            ("--slots", self.slots != Some(0), "1".to_owned()),
            (
                "--total-memory",
                self.total_memory_bytes >= Some(MIN_MEMORY_BYTES)
                    || self.total_memory_bytes.is_none(),
                size_text(MIN_MEMORY_BYTES),
            ),
            (
                "--max-concurrency",
                self.ceilings.concurrency >= 1,
                "1".to_owned(),
            ),
            (
                "--max-component",
                self.ceilings.component_bytes >= 1,
                size_text(1),
            ),
            ("--max-body", self.max_body_bytes >= 1, size_text(1)),
            (
                "--body-timeout",
                self.body_timeout >= MIN_TIME,
                duration_text(MIN_TIME),
            ),
            (
                "--max-memory",
                self.ceilings.memory_bytes >= MIN_MEMORY_BYTES,
                size_text(MIN_MEMORY_BYTES),
            ),
            (
                "--max-cpu-time",
                self.ceilings.cpu_time >= MIN_TIME,
                duration_text(MIN_TIME),
            ),
            (
                "--max-page-timeout",
                self.ceilings.page_timeout >= MIN_TIME,
                duration_text(MIN_TIME),
            ),
            (
                "--compile-memory",
                self.compiling.memory_bytes >= CompileLimits::MIN_MEMORY_BYTES,
                size_text(CompileLimits::MIN_MEMORY_BYTES),
            ),
            (
                "--compile-time",
                self.compiling.time >= MIN_TIME,
                duration_text(MIN_TIME),
            ),
        ];
        if let Some((flag, _, least)) = least.into_iter().find(|(_, is_enough, _)| !is_enough) {
            return Err(ConfigError::TooSmall { flag, least });
        }
        self.api_keys
            .iter()
            .try_for_each(Secret::check_as_key)
            .map_err(ConfigError::UnusableKey)?;
        // `::ffff:127.0.0.1` is loopback too.
        if self.api_keys.is_empty() && !self.listen.ip().to_canonical().is_loopback() {
            return Err(ConfigError::NoKey {
                listen: self.listen,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use super::*;

    fn loopback() -> ServerConfig {
        ServerConfig::new(
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            "plugins".into(),
            None,
        )
    }

    #[test]
    fn a_server_without_a_key_listens_on_loopback_only() {
        let cases = [
            ("127.0.0.1:8080", true),
            ("127.1.2.3:8080", true),
            ("[::1]:8080", true),
            ("[::ffff:127.0.0.1]:8080", true),
            ("0.0.0.0:8080", false),
            ("[::]:8080", false),
            ("192.168.1.1:8080", false),
        ];
        for (address, is_loopback) in cases {
            let listen = address.parse().expect(address);
            let open = ServerConfig {
                listen,
                ..loopback()
            };
            match open.check() {
                Ok(()) => assert!(is_loopback, "{address}"),
                Err(error) => {
                    assert!(!is_loopback, "{address}");
                    assert_eq!(
                        error.to_string(),
                        format!(
                            "without a key the server cannot listen on {listen}: set WELD_API_KEY, or listen on 127.0.0.1"
                        )
                    );
                }
            }
            let locked = ServerConfig {
                api_keys: vec![Secret::new("key")],
                ..open
            };
            assert!(locked.check().is_ok(), "{address} with a key");
        }
    }

    #[test]
    fn keys_that_no_request_could_carry_are_refused() {
        for key in ["", "key\n", " key"] {
            let config = ServerConfig {
                api_keys: vec![Secret::new("good"), Secret::new(key)],
                ..loopback()
            };
            assert!(
                matches!(config.check(), Err(ConfigError::UnusableKey(_))),
                "{key:?}"
            );
        }
    }

    #[test]
    fn settings_with_which_no_call_could_succeed_are_refused() {
        let ceilings = Ceilings::default();
        let with = |ceilings| ServerConfig {
            ceilings,
            ..loopback()
        };
        let compiling_within = |compiling| ServerConfig {
            compiling,
            ..loopback()
        };
        let zero = Duration::ZERO;
        let cases = [
            (
                "--slots must be at least 1",
                ServerConfig {
                    slots: Some(0),
                    ..loopback()
                },
            ),
            (
                "--total-memory must be at least 64KiB",
                ServerConfig {
                    total_memory_bytes: Some(1),
                    ..loopback()
                },
            ),
            (
                "--max-concurrency must be at least 1",
                with(Ceilings {
                    concurrency: 0,
                    ..ceilings
                }),
            ),
            (
                "--max-component must be at least 1B",
                with(Ceilings {
                    component_bytes: 0,
                    ..ceilings
                }),
            ),
            (
                "--max-body must be at least 1B",
                ServerConfig {
                    max_body_bytes: 0,
                    ..loopback()
                },
            ),
            (
                "--body-timeout must be at least 1ms",
                ServerConfig {
                    body_timeout: zero,
                    ..loopback()
                },
            ),
            (
                "--max-memory must be at least 64KiB",
                with(Ceilings {
                    memory_bytes: 1,
                    ..ceilings
                }),
            ),
            (
                "--max-cpu-time must be at least 1ms",
                with(Ceilings {
                    cpu_time: zero,
                    ..ceilings
                }),
            ),
            (
                "--max-page-timeout must be at least 1ms",
                with(Ceilings {
                    page_timeout: zero,
                    ..ceilings
                }),
            ),
            (
                "--compile-memory must be at least 16MiB",
                compiling_within(CompileLimits {
                    memory_bytes: (16 << 20) - 1,
                    ..CompileLimits::default()
                }),
            ),
            (
                "--compile-time must be at least 1ms",
                compiling_within(CompileLimits {
                    time: zero,
                    ..CompileLimits::default()
                }),
            ),
        ];
        for (expected, config) in cases {
            assert_eq!(config.check().expect_err(expected).to_string(), expected);
        }
    }

    #[test]
    fn nothing_may_wait() {
        let (queue_wait, grace) = (Duration::ZERO, Duration::ZERO);
        let config = ServerConfig {
            queue: 0,
            queue_wait,
            grace,
            ..loopback()
        };
        assert!(config.check().is_ok());
    }
}
