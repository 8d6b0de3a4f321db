//! The command line, and the amount of measurements that it selects.

use std::time::Duration;

use clap::Parser;

use crate::Mode;
use crate::jobs::Job;
use crate::rounds::Extent;

/// Measures weld-host against a native handler and against functions-framework.
#[derive(Debug, Parser)]
#[command(name = "weld-host-bench")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) mode: Option<Mode>,
    /// How many rounds to measure each handler and each form of sync
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) rounds: u8,
    /// How many seconds to measure a handler in each round
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub(crate) seconds: u64,
    /// How many connections to use at once, where there is more than one
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) connections: u32,
    /// How many calls may hold a sandbox when ten times as many are made
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) slots: u32,
    /// How many pages sleep at once
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) sleepers: u32,
    /// How many connectors one host has
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) plugins: u32,
    /// How many times to reload a connector while watching the host's memory
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub(crate) reloads: u32,
    /// How many connectors are as large as Python's
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) copies: u32,
    /// Only this job: fetch, rows-N, sync, overload, asleep, probes, thousand, reload, large, lambda, languages, start, or adapted;
    /// may be repeated
    #[arg(long, value_name = "JOB")]
    pub(crate) only: Vec<Job>,
    /// Skip functions-framework
    #[arg(long)]
    pub(crate) no_python: bool,
    /// Run one short round, only to show that the benchmark works; without adapted, unless it is requested
    #[arg(long, conflicts_with_all = ["rounds", "seconds", "slots", "sleepers", "plugins", "reloads", "copies"])]
    pub(crate) smoke: bool,
}

impl Arguments {
    /// The jobs to measure, in this order.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        if !self.only.is_empty() {
            return self.only.clone();
        }
        if self.smoke { Job::smoke() } else { Job::all() }
    }

    /// How many times 325 rows to sync.
    pub(crate) fn sync_scale(&self) -> u32 {
        if self.smoke { 1 } else { 1_000 }
    }

    pub(crate) fn slots(&self) -> u32 {
        if self.smoke { 2 } else { self.slots }
    }

    pub(crate) fn sleepers(&self) -> u32 {
        if self.smoke { 50 } else { self.sleepers }
    }

    pub(crate) fn plugins(&self) -> u32 {
        if self.smoke { 20 } else { self.plugins }
    }

    /// How many times a connector is replaced while it is called.
    pub(crate) fn versions(&self) -> u32 {
        if self.smoke { 6 } else { 50 }
    }

    pub(crate) fn reloads(&self) -> u32 {
        if self.smoke { 10 } else { self.reloads }
    }

    pub(crate) fn copies(&self) -> u32 {
        if self.smoke { 2 } else { self.copies }
    }

    pub(crate) fn extent(&self) -> Extent {
        if self.smoke {
            return Extent {
                rounds: 1,
                measure: Duration::from_millis(200),
                warm_up: Duration::from_millis(50),
            };
        }
        Extent {
            rounds: self.rounds.into(),
            measure: Duration::from_secs(self.seconds),
            warm_up: Duration::from_millis(500),
        }
    }
}
