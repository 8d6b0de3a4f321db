//! The result of an attack, and whether it is acceptable.

use std::time::Duration;

use super::TOTAL_MEMORY;
use super::neighbor::Times;

/// How much memory the host may have in addition to its memory at rest and `--total-memory`, and how much it may
/// keep.
const ALLOWANCE: u64 = 64 << 20;

/// The host's memory in bytes, and how others were served.
pub(crate) struct Outcome {
    pub(crate) rest: u64,
    pub(crate) peak: u64,
    pub(crate) afterwards: u64,
    pub(crate) alone: Times,
    pub(crate) beside_loops: Times,
    pub(crate) beside_attack: Times,
    /// For a connector that was added with the attack: how long it took until it was served, or that it was not.
    pub(crate) newcomer: Option<Option<Duration>>,
}

impl Outcome {
    /// Whether the host stayed within its memory, returned it, and served everybody.
    pub(crate) fn is_within_bounds(&self) -> bool {
        self.peak <= self.rest + TOTAL_MEMORY.1 + ALLOWANCE
            && self.afterwards <= self.rest + ALLOWANCE
            && self.beside_attack.failed == 0
            && self.newcomer != Some(None)
    }

    /// Prints the column titles for [`Outcome::print`].
    pub(crate) fn print_head() {
        println!(
            "{:<22} {:>24} {:>28} {:>28} {:>28}",
            "", "MiB rest/peak/after", "p50/p99/max ms alone", "during loops", "during the attack"
        );
    }

    /// Prints it as a line of a table.
    pub(crate) fn print(&self, name: &str) {
        let memory = [self.rest, self.peak, self.afterwards].map(|bytes| bytes >> 20);
        let newcomer = match self.newcomer {
            None => String::new(),
            Some(None) => "  newcomer not served".to_owned(),
            Some(Some(time)) => format!("  newcomer after {} ms", time.as_millis()),
        };
        let verdict = if self.is_within_bounds() {
            ""
        } else {
            "  OVER"
        };
        println!(
            "{name:<22} {:>24} {:>28} {:>28} {:>28}{newcomer}{verdict}",
            format!("{}/{}/{}", memory[0], memory[1], memory[2]),
            self.alone.to_string(),
            self.beside_loops.to_string(),
            self.beside_attack.to_string(),
        );
    }
}
