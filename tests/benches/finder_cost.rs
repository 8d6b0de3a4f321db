//! The cost of hiding a secret in a text, for different texts.
//!
//! `cargo bench -p weld-host-tests --bench finder_cost`. Each text has 1 MiB. If `valgrind` is installed, the
//! instructions per byte are counted as well, and compared with those of a text without a match.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and can only stop where something is wrong"
)]

use std::env;
use std::process::Command;
use std::time::Instant;

use weld_host::BenchFinder;

const TEXT_BYTES: usize = 1 << 20;

/// How often a text is searched when time is measured.
const ROUNDS: u32 = 20;

/// How many more times a text is searched in the second of the two runs whose instructions are compared.
const COUNTED_ROUNDS: u32 = 2;

const ORDINARY: &str = "the quick brown fox jumps over the lazy dog 0123456789 ";

const UUID: &str = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
const PASSWORD: &str = "hunter2xyzq9";
const TWICE: &str = "hunter2hunter2";
const SAME_LETTER: &str = "aaaaaaaaaaaa";
const TWO_LETTERS: &str = "abababababab";

/// A secret, and the piece of which the text consists.
struct Case {
    name: &'static str,
    secret: &'static str,
    unit: String,
}

fn cases() -> Vec<Case> {
    let case = |name, secret, unit: &str| Case {
        name,
        secret,
        unit: unit.to_owned(),
    };
    let escaped =
        |secret: &str, escape: fn(u8) -> String| -> String { secret.bytes().map(escape).collect() };
    vec![
        case("uuid: no match", UUID, ORDINARY),
        case("uuid: itself", UUID, UUID),
        case("uuid: itself and a space", UUID, &format!("{UUID} ")),
        case(
            "uuid: all but its end",
            UUID,
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
        ),
        case("password: no match", PASSWORD, ORDINARY),
        case("password: itself", PASSWORD, PASSWORD),
        case("password: its base64", PASSWORD, "aHVudGVyMnh5enE5"),
        case(
            "password: its percent escapes",
            PASSWORD,
            &escaped(PASSWORD, |byte| format!("%{byte:02x}")),
        ),
        case(
            "password: its JSON escapes",
            PASSWORD,
            &escaped(PASSWORD, |byte| format!("\\u{byte:04x}")),
        ),
        case("repeats itself: no match", TWICE, ORDINARY),
        case("repeats itself: itself", TWICE, "hunter2"),
        case("one letter: no match", SAME_LETTER, ORDINARY),
        case("one letter: itself", SAME_LETTER, "a"),
        case("two letters: no match", TWO_LETTERS, ORDINARY),
        case("two letters: itself", TWO_LETTERS, "ab"),
    ]
}

impl Case {
    fn text(&self) -> String {
        self.unit.repeat(TEXT_BYTES / self.unit.len())
    }

    /// Nanoseconds per byte of the search, without building the finder.
    fn run(&self, rounds: u32) -> f64 {
        let finder = BenchFinder::new(self.secret).expect("a secret that can be found");
        let text = self.text();
        let began = Instant::now();
        for _ in 0..rounds {
            std::hint::black_box(finder.hide(text.as_bytes()));
        }
        let bytes = u32::try_from(text.len()).expect("a megabyte");
        began.elapsed().as_secs_f64() * 1e9 / f64::from(bytes) / f64::from(rounds)
    }

    /// Instructions per byte, if `valgrind` can be run.
    fn instructions(&self) -> Option<f64> {
        let few = counted(self.name, 0)?;
        let more = counted(self.name, COUNTED_ROUNDS)?;
        let bytes = u32::try_from(self.text().len()).expect("a megabyte");
        Some((more - few) / f64::from(bytes) / f64::from(COUNTED_ROUNDS))
    }
}

/// All instructions of a run of this program that searches the text of one case this many times.
fn counted(case: &str, rounds: u32) -> Option<f64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().expect("this program's path"))
        .args(["--count", case, &rounds.to_string()])
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&run.stderr);
    let (_, count) = said.split_once("Collected : ")?;
    count.split_whitespace().next()?.parse().ok()
}

fn main() {
    let cases = cases();
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [count, name, rounds] = arguments.as_slice()
        && count == "--count"
    {
        let case = cases.iter().find(|case| case.name == name);
        let rounds = rounds.parse().expect("a number of rounds");
        case.expect("the name of a case").run(rounds);
        return;
    }
    // `cargo test --benches` passes no `--bench`. Then one round shows that the benchmark still works.
    let is_measured = arguments.iter().any(|argument| argument == "--bench");
    println!(
        "{:<32} {:>8} {:>14} {:>9}",
        "text", "ns/byte", "instructions", "÷ no match"
    );
    let mut without_match = None;
    for case in &cases {
        let time = case.run(if is_measured { ROUNDS } else { 1 });
        let instructions = is_measured.then(|| case.instructions()).flatten();
        if case.name.ends_with("no match") {
            without_match = instructions;
        }
        let shown = |number: Option<f64>| number.map_or("-".to_owned(), |n| format!("{n:.2}"));
        let ratio = instructions
            .zip(without_match)
            .map(|(more, less)| more / less);
        println!(
            "{:<32} {time:>8.2} {:>14} {:>9}",
            case.name,
            shown(instructions),
            shown(ratio)
        );
    }
}
