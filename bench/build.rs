//! Compiles the measured test guests, and records the compiler's version for the report.

#[path = "../tests/build_guests.rs"]
mod build_guests;

use std::env;
use std::path::Path;
use std::process::Command;

/// Each guest with the variable that gives the path of its component to the benchmark.
const GUESTS: [(&str, &str); 4] = [
    ("answers_its_words", "WELD_BENCH_VERSIONED"),
    ("makes_rows", "WELD_BENCH_GUEST"),
    ("sleeps_inside", "WELD_BENCH_SLEEPER"),
    ("takes_memory_and_waits", "WELD_BENCH_HOLDER"),
];

fn main() -> Result<(), String> {
    let here = env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets CARGO_MANIFEST_DIR")?;
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let guests = Path::new(&here).join("../tests/guests");
    for input in [
        "Cargo.toml",
        "Cargo.lock",
        "src/lib.rs",
        "src/made_rows.rs",
        "../../wit",
    ] {
        println!("cargo::rerun-if-changed={}", guests.join(input).display());
    }
    for (guest, _) in GUESTS {
        let source = guests.join("src/bin").join(guest).with_extension("rs");
        println!("cargo::rerun-if-changed={}", source.display());
    }
    let names = GUESTS.map(|(guest, _)| guest);
    let folder = build_guests::build(&guests, &Path::new(&out).join("guests"), &names)?;
    for (guest, variable) in GUESTS {
        let component = folder.join(guest).with_extension("wasm");
        println!("cargo::rustc-env={variable}={}", component.display());
    }
    println!("cargo::rustc-env=WELD_BENCH_RUSTC={}", compiler()?);
    Ok(())
}

/// Such as `rustc 1.95.0 (…)`.
fn compiler() -> Result<String, String> {
    let rustc = env::var_os("RUSTC").ok_or("cargo sets RUSTC")?;
    let output = Command::new(rustc)
        .arg("--version")
        .output()
        .map_err(|error| format!("rustc could not be started: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
