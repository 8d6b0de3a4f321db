//! Connectors, clients and files that try to take more than their share of the host, each against its own host. The
//! benchmark measures the host's memory during the attack and afterwards, and how a neighbor is served.
//!
//! `cargo bench -p weld-host-tests --bench attacks [-- [--program PATH] [NAME …]]`. Each attack takes about a minute.
//! The neighbor's times are printed next to those measured while as many calls of a connector only compute. The exit
//! status is 1 if the host held more than its memory at rest, `--total-memory` and 64 MiB together, kept more than 64
//! MiB of it, or did not serve the neighbor or a connector that was added together with bad files. Times are printed,
//! not judged.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and can only stop where something is wrong"
)]

mod catalog;
mod files;
mod loops;
mod memory;
mod neighbor;
mod outcome;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use catalog::{Attack, CATALOG};
use files::{FILE_ATTACKS, FileAttack};
use loops::Loops;
use memory::Memory;
use neighbor::Neighbor;
use outcome::Outcome;
use tempfile::TempDir;
use weld_host_tests::host::{Host, HostBuilder};

/// The path of each test guest.
#[allow(dead_code, reason = "the suite uses the others")]
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

/// The flag's value, as text and in bytes.
const TOTAL_MEMORY: (&str, u64) = ("256MiB", 256 << 20);

/// How long the neighbor is measured during an attack, and how long to wait afterwards until memory is returned.
const ATTACK: Duration = Duration::from_secs(15);
const AFTERWARDS: Duration = Duration::from_secs(10);

/// How long a client that comes repeatedly waits for its answer.
const ROUND: Duration = Duration::from_secs(5);

/// As many as the largest attack has calls, and some for the neighbor.
const SLOTS: &str = "64";

/// How many of them an attacker may have at once, which is the default with 32 slots. The memory that these keep for
/// the next call (`--keep-memory`) counts as kept.
const SANDBOXES: usize = 8;

/// How many calls compute while the neighbor's times during attacks by files are compared.
const LOOPS_BESIDE_FILES: usize = 6;

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
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    Outcome::print_head();
    let calls = CATALOG.iter().filter(|attack| is_wanted(attack.name));
    let calls = calls.map(|attack| (attack.name, try_calls(attack, &program)));
    let files = FILE_ATTACKS.iter().filter(|attack| is_wanted(attack.name));
    let files = files.map(|attack| (attack.name, try_files(attack, &program)));
    let mut status = ExitCode::SUCCESS;
    for (name, outcome) in calls.chain(files) {
        outcome.print(name);
        if !outcome.is_within_bounds() {
            status = ExitCode::FAILURE;
        }
    }
    status
}

/// A host with the neighbor, and a connector with this many calls that can compute.
fn host(program: &Path, cache: &Path, loops: usize) -> HostBuilder {
    let host = HostBuilder::new(&program.display().to_string(), cache)
        .flag("--total-memory", TOTAL_MEMORY.0)
        .flag("--slots", SLOTS)
        .plugin("echo", guests::ECHOES_STATE);
    Loops::add_to(host, loops)
}

/// Attackers that call their own connector.
fn try_calls(attack: &Attack, program: &Path) -> Outcome {
    let api = (attack.api)();
    let toml = attack.toml.replace("ORIGIN", &api.origin());
    let toml = format!("{toml}\nconcurrency = {SANDBOXES}");
    let cache = std::env::temp_dir().join("weld-host-attacks");
    let host = host(program, &cache, attack.calls)
        .plugin("attacker", attack.guest)
        .config("attacker", &toml)
        .file("key", catalog::SECRET)
        .start();
    let weld = host.weld("attacker");
    try_out(&host, attack.calls, |began| {
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
        None
    })
}

/// Files that appear in the plugins folder, followed by a good connector, and disappear again.
fn try_files(attack: &FileAttack, program: &Path) -> Outcome {
    // Without an earlier run's compiled code, which would make the attack harmless.
    let cache = TempDir::new().expect("a temporary folder");
    let host = host(program, cache.path(), LOOPS_BESIDE_FILES)
        .flag("--reload", "100ms")
        .start();
    try_out(&host, LOOPS_BESIDE_FILES, |began| {
        let made = files::put(attack, host.plugins());
        let newcomer = files::newcomer(&host, began + ATTACK);
        thread::sleep(ATTACK.saturating_sub(began.elapsed()));
        files::take_away(&made);
        Some(newcomer)
    })
}

/// Measures the neighbor alone, during the attack, and, once that is over, during calls that compute. The attack
/// receives the time of its beginning, and returns how long it took until a new connector was served, if it adds one.
fn try_out(
    host: &Host,
    loops: usize,
    attack: impl FnOnce(Instant) -> Option<Option<Duration>> + Send,
) -> Outcome {
    let neighbor = Neighbor::new(host.weld("echo"));
    let alone = neighbor.ask_for(Duration::from_secs(3));
    let rest = Memory::now(host.id());
    let memory = Memory::watch(host.id());
    let began = Instant::now();
    let (beside_attack, newcomer) = thread::scope(|scope| {
        let attack = scope.spawn(move || attack(began));
        let times = neighbor.ask_for(ATTACK);
        (times, attack.join().expect("the attack is made"))
    });
    thread::sleep(AFTERWARDS);
    let peak = memory.peak();
    let afterwards = Memory::now(host.id());
    // Last, since the memory that their sandboxes keep for the next call does not belong to the attack.
    let loops = Loops::begin(host, loops);
    let beside_loops = neighbor.ask_for(ATTACK);
    loops.end();
    Outcome {
        rest,
        peak,
        afterwards,
        alone,
        beside_loops,
        beside_attack,
        newcomer,
    }
}
