//! Flags that bound what a host does, shared by the commands that start one.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::config::{Ceilings, CompileLimits, ServerConfig, parse_duration, parse_size};

/// Reads the address of a listener.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "write an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080")
}

/// How much at once, how large, how long.
#[derive(Debug, Clone, Args)]
pub(super) struct BoundFlags {
    /// Calls that may hold a sandbox at once [default: as many as the machine can hold]
    #[arg(long, value_name = "N")]
    slots: Option<u32>,
    /// Calls that may wait for a sandbox
    #[arg(long, value_name = "N", default_value_t = ServerConfig::QUEUE)]
    queue: u32,
    /// How long a call waits for a sandbox before it is told to come back
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    queue_wait: Duration,
    /// The memory of all sandboxes together [default: half of the machine's, or of the control group's]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    total_memory: Option<u64>,
    /// How much of its memory a sandbox that comes free keeps for the next call
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse_size)]
    keep_memory: u64,
    /// The most that a connector's `limits.concurrency` may ask for [default: all slots]
    #[arg(long, value_name = "N")]
    max_concurrency: Option<u32>,
    /// The largest component
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = parse_size)]
    max_component: u64,
    /// The most memory that a connector's `limits.memory` may ask for
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = parse_size)]
    max_memory: u64,
    /// The most that a connector's `limits.cpu-time` may ask for
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_duration)]
    max_cpu_time: Duration,
    /// The most that a connector's `limits.page-timeout` may ask for
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_duration)]
    max_page_timeout: Duration,
    /// The most memory that compiling one connector may take
    #[arg(long, value_name = "SIZE", default_value = "2GiB", value_parser = parse_size)]
    compile_memory: u64,
    /// How long compiling one connector may take
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = parse_duration)]
    compile_time: Duration,
    /// The largest request body, also once decompressed
    #[arg(long, value_name = "SIZE", default_value = "8MiB", value_parser = parse_size)]
    max_body: u64,
    /// How long a client may take to send a body
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    body_timeout: Duration,
    /// Let no call go on between requests, as where the platform stops all work then
    #[arg(long)]
    no_background: bool,
    /// How long calls under way may go on after the signal to stop
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    grace: Duration,
}

impl BoundFlags {
    /// Puts what the flags say into `config`.
    pub(super) fn apply(self, config: &mut ServerConfig) {
        config.slots = self.slots;
        config.total_memory_bytes = self.total_memory;
        config.keep_memory_bytes = self.keep_memory;
        config.queue = self.queue;
        config.queue_wait = self.queue_wait;
        config.max_body_bytes = self.max_body;
        config.body_timeout = self.body_timeout;
        config.background = !self.no_background;
        config.grace = self.grace;
        config.compiling = CompileLimits {
            memory_bytes: self.compile_memory,
            time: self.compile_time,
        };
        config.ceilings = Ceilings {
            memory_bytes: self.max_memory,
            cpu_time: self.max_cpu_time,
            page_timeout: self.max_page_timeout,
            concurrency: self.max_concurrency.unwrap_or(u32::MAX),
            component_bytes: self.max_component,
            state_bytes: Ceilings::state_in(self.max_body),
        };
    }
}
