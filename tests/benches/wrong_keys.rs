//! Clients that guess the host's key, from thousands of addresses: how a client with the right key is served meanwhile,
//! and what memory the host takes.
//!
//! `cargo bench -p weld-host-tests --bench wrong_keys [-- [--program PATH] [--guesses N]]`. The right key's times are
//! measured alone, while as many clients send requests without a key, and while they send wrong ones: the second and the
//! third are the same load, except for what wrong keys cost. The exit status is 1 if a request with the right key failed,
//! or the host took more than 1 MiB for the guesses. Times are printed, not judged.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and can only stop where something is wrong"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use weld_host_tests::connection::Connection;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::process::own_memory;
use weld_host_tests::weld::Request;

/// The path of each test guest.
#[allow(dead_code, reason = "the suite uses the others")]
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

/// The guesses in all, unless `--guesses` says otherwise, and the addresses they come from.
const GUESSES: u32 = 1_000_000;
const ADDRESSES: u32 = 2_000;

/// The clients that guess at once.
const CLIENTS: u32 = 2;

/// How many guesses one client makes before it takes another address.
const IN_A_ROW: u32 = 50;

/// The time between two requests with the right key.
const PAUSE: Duration = Duration::from_millis(5);

/// How long the phases without guesses take.
const PHASE: Duration = Duration::from_secs(5);

/// The most bytes that the host may take for the guesses.
const MOST_BYTES: u64 = 1 << 20;

fn main() -> ExitCode {
    let mut program = PathBuf::from(env!("CARGO_BIN_EXE_weld-host-under-test"));
    let mut guesses = GUESSES;
    // Cargo itself adds `--bench`.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let value = words.next().expect("a value");
        match word.as_str() {
            "--program" => program = value.into(),
            "--guesses" => guesses = value.parse().expect("a number"),
            _ => {}
        }
    }
    let host = start(&program);
    println!(
        "| load | requests | a second | p50 of the right key, ms | p99 | failed | RssAnon, KiB |"
    );
    println!("|---|---|---|---|---|---|---|");
    let until = |began: Instant| move |_: u32| began.elapsed() < PHASE;
    let mut failed = phase("none", &host, |_| 0);
    let began = Instant::now();
    failed += phase("no key", &host, |host| load(host, None, &until(began)));
    // The first guesses from all addresses: their counts begin to exist.
    failed += phase("wrong keys, first", &host, |host| {
        load(host, Some("wrong"), &|number| number < ADDRESSES * 2)
    });
    let before = own_memory(host.id());
    failed += phase("wrong keys", &host, |host| {
        load(host, Some("wrong"), &|number| number < guesses)
    });
    let grown = own_memory(host.id()).saturating_sub(before);
    println!("\n{} KiB more after the guesses", grown >> 10);
    if failed == 0 && grown <= MOST_BYTES {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn start(program: &Path) -> Host {
    let cache = std::env::temp_dir().join("weld-host-attacks");
    HostBuilder::new(&program.display().to_string(), &cache)
        .plugin("echo", guests::ECHOES_STATE)
        .variable("WELD_API_KEY", "right")
        .flag("--log", "warn")
        .start()
}

fn request(address: SocketAddr, key: Option<&str>) -> Request {
    let request = Request::new(address, "GET", "/echo/schema");
    match key {
        Some(key) => request.header("authorization", &format!("Bearer {key}")),
        None => request,
    }
}

/// Sends requests from many addresses as long as `continues` says so, given their number. Returns how many.
fn load(host: &Host, key: Option<&str>, continues: &(dyn Fn(u32) -> bool + Sync)) -> u32 {
    let sent = AtomicU32::new(0);
    let next_address = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let request = request(host.address(), key);
                while continues(sent.load(Ordering::Relaxed)) {
                    let number = next_address.fetch_add(1, Ordering::Relaxed) % ADDRESSES;
                    let source = Ipv4Addr::from_bits(0x7f01_0000 | number);
                    let open = || Connection::open_from(source.into(), host.address());
                    let mut connection = open().expect("the host listens");
                    for _ in 0..IN_A_ROW {
                        let answer = connection.ask(&request).expect("an answer");
                        assert!(matches!(answer.status(), 401 | 429), "{}", answer.text());
                        if answer.header("connection") == Some("close") {
                            connection = open().expect("the host listens");
                        }
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    sent.into_inner()
}

/// Measures the right key during a load, and prints a row. Returns how many of its requests failed.
fn phase(name: &str, host: &Host, load: impl FnOnce(&Host) -> u32) -> usize {
    let is_over = AtomicBool::new(false);
    let began = Instant::now();
    let (sent, (mut times, failed)) = thread::scope(|scope| {
        let right = scope.spawn(|| {
            let request = request(host.address(), Some("right"));
            let (mut times, mut failed) = (Vec::new(), 0);
            while !is_over.load(Ordering::Relaxed) || began.elapsed() < PHASE {
                let asked = Instant::now();
                let is_good = request
                    .clone()
                    .try_send()
                    .is_ok_and(|answer| answer.status() == 200);
                times.push(asked.elapsed());
                failed += usize::from(!is_good);
                thread::sleep(PAUSE);
            }
            (times, failed)
        });
        let sent = load(host);
        is_over.store(true, Ordering::Relaxed);
        (sent, right.join().expect("it ends"))
    });
    let seconds = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |hundredth: usize| {
        times[(times.len() * hundredth / 100).min(times.len() - 1)].as_secs_f64() * 1e3
    };
    println!(
        "| {name} | {sent} | {:.0} | {:.2} | {:.2} | {failed} of {} | {} |",
        f64::from(sent) / seconds,
        at(50),
        at(99),
        times.len(),
        own_memory(host.id()) >> 10,
    );
    failed
}
