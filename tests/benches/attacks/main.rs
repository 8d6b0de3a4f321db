//! Connectors, clients and files that want to take more of the host than is theirs, each against a host of its own: what
//! the host's memory comes to meanwhile and afterwards, and how a neighbor is served.
//!
//! `cargo bench -p weld-host-tests --bench attacks [-- [--program PATH] [NAME …]]`. Each attack takes about a minute. The
//! neighbor's times stand beside those that it has while as many calls of a connector only compute, all the time. Ends with status 1
//! where the host held more than its memory at rest, `--total-memory` and 64 MiB, kept more than 64 MiB of it, or did not
//! serve the neighbor, or a connector that came beside bad files. Times are printed, not judged.

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

/// The flag, and what it comes to.
const TOTAL_MEMORY: (&str, u64) = ("256MiB", 256 << 20);

/// For how long the neighbor is asked while an attack goes on, and what there is to be given back afterwards.
const ATTACK: Duration = Duration::from_secs(15);
const AFTERWARDS: Duration = Duration::from_secs(10);

/// For how long a client that comes again and again waits for its answer.
const ROUND: Duration = Duration::from_secs(5);

/// As many as the largest attack has calls, and some for the neighbor.
const SLOTS: &str = "64";

/// How many of them an attacker may have at once, as by default with 32. What these keep of their memory for the next call
/// (`--keep-memory`) counts as kept.
const SANDBOXES: usize = 8;

/// How many calls compute while the neighbor's times beside files are compared.
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

/// A host with the neighbor, and a connector of which so many calls can compute.
fn host(program: &Path, cache: &Path, loops: usize) -> HostBuilder {
    let host = HostBuilder::new(&program.display().to_string(), cache)
        .flag("--total-memory", TOTAL_MEMORY.0)
        .flag("--slots", SLOTS)
        .plugin("echo", guests::ECHOES_STATE);
    Loops::add_to(host, loops)
}

/// Attackers that call a connector of theirs.
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

/// Files that come into the plugins folder, with a good connector after them, and leave again.
fn try_files(attack: &FileAttack, program: &Path) -> Outcome {
    // What an earlier run compiled would be no attack.
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

/// Has the neighbor served alone, beside the attack, and, once that is over, beside calls that compute. The attack gets the
/// time of its beginning and answers after how long a new connector was served, where it brings one.
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
    // Last, since what their sandboxes keep for the next call is not the attack's.
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
