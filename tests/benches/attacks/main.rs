//! Connectors, clients and files that want to take more of the host than is theirs, each against a host of its own: what
//! the host's memory comes to meanwhile and afterwards, and how a neighbor is served.
//!
//! `cargo bench -p weld-host-tests --bench attacks [-- [--program PATH] [NAME …]]`. Each attack takes about a minute. The
//! neighbor's times stand beside those that it has while as many calls of a connector only compute. Ends with status 1
//! where the host held more than its memory at rest, `--total-memory` and 64 MiB, kept more than 64 MiB of it, or did not
//! serve the neighbor. Times are printed, not judged.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and can only stop where something is wrong"
)]

mod catalog;
mod memory;
mod neighbor;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use catalog::{Attack, CATALOG};
use memory::Memory;
use neighbor::{Neighbor, Times};
use weld_host_tests::host::{Host, HostBuilder};

/// The path of each test guest.
#[allow(dead_code, reason = "the suite uses the others")]
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

/// The flag, and what it comes to.
const TOTAL_MEMORY: (&str, u64) = ("256MiB", 256 << 20);

/// What the host may have beside that, and keep.
const ALLOWANCE: u64 = 64 << 20;

/// For how long the neighbor is asked while an attack goes on, and what there is to be given back afterwards.
const ATTACK: Duration = Duration::from_secs(15);
const AFTERWARDS: Duration = Duration::from_secs(10);

/// For how long a client that comes again and again waits for its answer.
const ROUND: Duration = Duration::from_secs(5);

struct Outcome {
    rest: u64,
    peak: u64,
    afterwards: u64,
    alone: Times,
    beside_loops: Times,
    beside_attack: Times,
}

impl Outcome {
    fn is_within_bounds(&self) -> bool {
        self.peak <= self.rest + TOTAL_MEMORY.1 + ALLOWANCE
            && self.afterwards <= self.rest + ALLOWANCE
            && self.beside_attack.failed == 0
    }
}

fn main() -> ExitCode {
    let mut program = PathBuf::from(env!("CARGO_BIN_EXE_weld-host-under-test"));
    let mut names = Vec::new();
    // Cargo itself adds `--bench`.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        match word.as_str() {
            "--program" => program = words.next().expect("a path").into(),
            _ => names.push(word),
        }
    }
    println!(
        "{:<22} {:>24} {:>28} {:>28} {:>28}",
        "", "MiB rest/peak/after", "p50/p99/max ms alone", "beside loops", "beside the attack"
    );
    let mut status = ExitCode::SUCCESS;
    for attack in CATALOG {
        if !names.is_empty() && !names.iter().any(|name| name == attack.name) {
            continue;
        }
        let outcome = try_out(attack, &program);
        let mebibytes = |bytes: u64| bytes >> 20;
        let verdict = if outcome.is_within_bounds() {
            ""
        } else {
            status = ExitCode::FAILURE;
            "  OVER"
        };
        let memory = [outcome.rest, outcome.peak, outcome.afterwards].map(mebibytes);
        println!(
            "{:<22} {:>24} {:>28} {:>28} {:>28}{verdict}",
            attack.name,
            format!("{}/{}/{}", memory[0], memory[1], memory[2]),
            outcome.alone.to_string(),
            outcome.beside_loops.to_string(),
            outcome.beside_attack.to_string(),
        );
    }
    status
}

/// A host with the attacker, the neighbor, and a connector that only computes.
fn host(attack: &Attack, program: &Path, toml: &str) -> Host {
    let cache = std::env::temp_dir().join("weld-host-attacks");
    HostBuilder::new(&program.display().to_string(), &cache)
        .flag("--total-memory", TOTAL_MEMORY.0)
        .plugin("attacker", attack.guest)
        .config("attacker", toml)
        .file("key", catalog::SECRET)
        .plugin("loops", guests::LOOPS_FOR_EVER)
        .config("loops", "[limits]\ncpu-time = \"1h\"\nlinger = \"0s\"")
        .plugin("echo", guests::ECHOES_STATE)
        .start()
}

fn try_out(attack: &Attack, program: &Path) -> Outcome {
    let api = (attack.api)();
    let toml = attack.toml.replace("ORIGIN", &api.origin());
    let host = host(attack, program, &toml);
    let neighbor = Neighbor::new(host.weld("echo"));
    let alone = neighbor.ask_for(Duration::from_secs(3));
    let rest = Memory::now(host.id());
    let loops = host.weld("loops");
    let beside_loops = {
        let busy: Vec<_> = (0..attack.calls)
            .map(|number| loops.page_request("rows", &serde_json::json!({ "n": number })))
            .map(|request| request.begin().expect("the host listens"))
            .collect();
        let times = neighbor.ask_for(ATTACK);
        drop(busy);
        times
    };
    let memory = Memory::watch(host.id());
    let weld = host.weld("attacker");
    let began = Instant::now();
    let beside_attack = thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while began.elapsed() < ATTACK {
                let numbers = round * attack.calls..(round + 1) * attack.calls;
                let attackers: Vec<_> = numbers
                    .map(|number| (attack.request)(&weld, number, &api))
                    .map(|request| request.begin().expect("the host listens"))
                    .collect();
                let until = if attack.is_repeated { ROUND } else { ATTACK };
                thread::sleep(until);
                drop(attackers);
                round += 1;
            }
        });
        neighbor.ask_for(ATTACK)
    });
    thread::sleep(AFTERWARDS);
    let peak = memory.peak();
    Outcome {
        rest,
        peak,
        afterwards: Memory::now(host.id()),
        alone,
        beside_loops,
        beside_attack,
    }
}
