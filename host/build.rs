//! Compiles the example connector, which the `demo` command carries inside the binary.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=../wit");
    if env::var_os("CARGO_FEATURE_DEMO").is_none() {
        return Ok(());
    }
    let example = Path::new("../guest-example");
    for input in ["Cargo.toml", "Cargo.lock", "src"] {
        println!("cargo::rerun-if-changed={}", example.join(input).display());
    }
    for input in ["Cargo.toml", "src", "wit"] {
        println!("cargo::rerun-if-changed=../kit/rust/{input}");
    }
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let target = Path::new(&out).join("guest-example");
    let cargo = env::var_os("CARGO").ok_or("cargo sets CARGO")?;
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--quiet"])
        .args(["--target", "wasm32-wasip2", "--target-dir"])
        .arg(&target)
        .current_dir(example)
        // What shapes the host's build must not shape the guest's: its flags, and clippy's wrapper.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTC_WRAPPER")
        .status()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    if !status.success() {
        return Err(
            "guest-example did not build. Is the target missing? Run: rustup target add wasm32-wasip2 \
             (or build without the demo: --no-default-features)"
                .to_owned(),
        );
    }
    let component = target.join("wasm32-wasip2/release/beers.wasm");
    println!(
        "cargo::rustc-env=WELD_EXAMPLE_CONNECTOR={}",
        component.display()
    );
    Ok(())
}
