//! Compiles the test guests that are measured, and notes the compiler's version for the report.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";

/// Each with the variable that names its component to the benchmark.
const GUESTS: [(&str, &str); 4] = [
    ("answers_its_words", "WELD_BENCH_VERSIONED"),
    ("makes_rows", "WELD_BENCH_GUEST"),
    ("sleeps_inside", "WELD_BENCH_SLEEPER"),
    ("takes_memory_and_waits", "WELD_BENCH_HOLDER"),
];

fn main() -> Result<(), String> {
    let guests = Path::new("../tests/guests");
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
    let folder = compile(guests)?;
    for (guest, variable) in GUESTS {
        let component = folder.join(guest).with_extension("wasm");
        println!("cargo::rustc-env={variable}={}", component.display());
    }
    println!("cargo::rustc-env=WELD_BENCH_RUSTC={}", compiler()?);
    Ok(())
}

/// Returns the folder of the components.
fn compile(guests: &Path) -> Result<PathBuf, String> {
    let target = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?).join("guests");
    let cargo = env::var_os("CARGO").ok_or("cargo sets CARGO")?;
    let mut command = Command::new(cargo);
    command
        .args(["build", "--release", "--locked", "--quiet"])
        .args(GUESTS.iter().flat_map(|(guest, _)| ["--bin", guest]))
        .args(["--target", TARGET, "--target-dir"])
        .arg(&target)
        .current_dir(guests);
    // Meant for the outer build's machine, or, as clippy's wrapper, for its code.
    for variable in [
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
    ] {
        command.env_remove(variable);
    }
    let status = command
        .status()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    if !status.success() {
        return Err(format!(
            "the guests did not build. Is the target missing? Run: rustup target add {TARGET}"
        ));
    }
    Ok(target.join(TARGET).join("release"))
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
