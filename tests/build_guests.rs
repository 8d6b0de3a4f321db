//! Compiles test guests to components, for the build scripts of the suite and of the benchmark.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";

/// These variables are meant for the outer build's machine, or for its code, such as clippy's wrapper.
const OF_THE_OUTER_BUILD: [&str; 5] = [
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
];

/// Compiles these guests, or all if none is named. Returns the folder with the components, each `NAME.wasm`.
///
/// `guests` is the folder of their manifest, `target` the folder for the build's output.
pub(crate) fn build(guests: &Path, target: &Path, names: &[&str]) -> Result<PathBuf, String> {
    let cargo = env::var_os("CARGO").ok_or("Cargo sets CARGO")?;
    let manifest = guests.join("Cargo.toml");
    let mut command = Command::new(cargo);
    command
        .args(["build", "--release", "--locked", "--target", TARGET])
        .args(names.iter().flat_map(|name| ["--bin", name]))
        .arg("--manifest-path")
        .arg(&manifest)
        .arg("--target-dir")
        .arg(target)
        .current_dir(guests);
    for variable in OF_THE_OUTER_BUILD {
        command.env_remove(variable);
    }
    let status = command
        .status()
        .map_err(|error| format!("Cargo could not be started: {error}"))?;
    if status.success() {
        Ok(target.join(TARGET).join("release"))
    } else {
        Err(format!(
            "the test guests don't build; see Cargo's output above.\n\
             If the target is missing: rustup target add {TARGET}\n\
             If their lock file is out of date: cargo update --workspace --manifest-path {}",
            manifest.display()
        ))
    }
}
