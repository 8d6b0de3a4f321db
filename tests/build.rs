//! Compiles every test guest to a component, and writes a constant with the path of each.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a build script can only stop the build"
)]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("Cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets it"));
    let guests = here.join("guests");
    for input in [
        "guests/Cargo.toml",
        "guests/Cargo.lock",
        "guests/src",
        "../wit",
    ] {
        println!("cargo::rerun-if-changed={}", here.join(input).display());
    }

    let target_folder = out.join("guests");
    compile(&guests.join("Cargo.toml"), &target_folder);

    let components = target_folder.join(TARGET).join("release");
    let constants = constants(&guests.join("src/bin"), &components);
    fs::write(out.join("guests.rs"), constants).expect("OUT_DIR can be written");
}

fn compile(manifest: &Path, target_folder: &Path) {
    let mut cargo = Command::new(env::var_os("CARGO").expect("Cargo sets it"));
    cargo.args([
        "build",
        "--release",
        "--locked",
        "--target",
        TARGET,
        "--manifest-path",
    ]);
    cargo.arg(manifest).arg("--target-dir").arg(target_folder);
    // Meant for the outer build's machine, or, as clippy's wrapper, for its code.
    for variable in [
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
    ] {
        cargo.env_remove(variable);
    }
    let status = cargo.status().expect("Cargo can be started");
    if !status.success() {
        panic!(
            "the test guests don't build; Cargo's words stand above.\n\
             If the target is missing: rustup target add {TARGET}\n\
             If their lock file is out of date: cargo update --workspace --manifest-path {}",
            manifest.display()
        );
    }
}

/// One `const` per source file, so that a guest without a test is a dead-code warning.
fn constants(sources: &Path, components: &Path) -> String {
    let mut names: Vec<String> = fs::read_dir(sources)
        .expect("the guests are there")
        .map(|entry| entry.expect("the guests can be listed").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    let mut constants = String::new();
    for name in names {
        let component = components.join(format!("{name}.wasm"));
        writeln!(
            constants,
            "pub(crate) const {}: &str = {component:?};",
            name.to_uppercase()
        )
        .expect("a string takes all");
    }
    constants
}
