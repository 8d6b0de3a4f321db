//! Many calls at once: ten times as many as a host has room for, ten thousand that sleep, and probes of a host that is
//! so busy.
//!
//! Each scenario has its own host, and its clients are another process. Only a wrong answer is an error. A slow one
//! is not, since a busy machine exceeds any time limit.

mod asleep;
mod client;
mod overload;
mod probes;

use std::path::Path;

use crate::child::Process;
use crate::lone::LoneHost;

pub(crate) use asleep::measure as measure_asleep;
pub(crate) use client::{Crowd, run as run_client};
pub(crate) use overload::measure as measure_overload;
pub(crate) use probes::{Probes, measure as measure_probes, run_prober, serve_bare};

const ROWS_CONNECTOR: &[u8] = include_bytes!(env!("WELD_BENCH_GUEST"));
const SLEEPING_CONNECTOR: &[u8] = include_bytes!(env!("WELD_BENCH_SLEEPER"));

/// Starts this many clients that request pages of one table.
fn gather(
    host: &LoneHost,
    folder: &Path,
    (connector, table): (&str, &str),
    clients: u32,
    more: &[String],
) -> anyhow::Result<Process> {
    let mut words = vec![
        "crowd".to_owned(),
        format!("--address={}", host.address),
        format!("--connector={connector}"),
        format!("--table={table}"),
        format!("--clients={clients}"),
    ];
    words.extend_from_slice(more);
    Process::start("the crowd", words, &[], folder)
}
