//! The command line, and how much is measured by it.

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
    /// How often each handler, and each form of sync, is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) rounds: u8,
    /// How long a handler is measured each time
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub(crate) seconds: u64,
    /// How many connections ask at once, where more than one does
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) connections: u32,
    /// How many calls may hold a sandbox, where ten times more are made
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) slots: u32,
    /// How many pages sleep at once
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) sleepers: u32,
    /// How many connectors one host has
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) plugins: u32,
    /// How often a connector is loaded again, while its memory is looked at
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub(crate) reloads: u32,
    /// How many connectors are as large as Python's
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) copies: u32,
    /// Only this job: fetch, rows-N, sync, overload, asleep, thousand, reload, large, languages, or adapted; may be repeated
    #[arg(long, value_name = "JOB")]
    pub(crate) only: Vec<Job>,
    /// Leave functions-framework out
    #[arg(long)]
    pub(crate) no_python: bool,
    /// One round, over before it says anything: shows that the benchmark works; without adapted, unless that is asked for
    #[arg(long, conflicts_with_all = ["rounds", "seconds", "slots", "sleepers", "plugins", "reloads", "copies"])]
    pub(crate) smoke: bool,
}

impl Arguments {
    /// What to measure, in this order.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        if !self.only.is_empty() {
            return self.only.clone();
        }
        if self.smoke { Job::smoke() } else { Job::all() }
    }

    /// How many times 325 rows are synced.
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

    /// How often a connector is replaced under calls.
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
