//! Compiles every test guest to a component, and writes a constant with the path of each. Also compiles the wall
//! clock that jumps.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a build script can only stop the build"
)]

mod build_guests;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    let components = build_guests::build(&guests, &out.join("guests"), &[])
        .unwrap_or_else(|problem| panic!("{problem}"));
    let constants = constants(&guests.join("src/bin"), &components);
    fs::write(out.join("guests.rs"), constants).expect("OUT_DIR can be written");
    shifted_clock(&here.join("clock/lib.rs"), &out);
}

/// Compiles the library that moves a program's wall clock, on systems where it can be preloaded.
fn shifted_clock(source: &Path, out: &Path) {
    println!("cargo::rerun-if-changed={}", source.display());
    let of_target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if (of_target("OS").as_str(), of_target("ENV").as_str()) != ("linux", "gnu") {
        return;
    }
    let library = out.join("libshifted_clock.so");
    let status = Command::new(env::var_os("RUSTC").expect("Cargo sets it"))
        .args(["--crate-name", "shifted_clock", "--crate-type", "cdylib"])
        .args(["--edition", "2024", "-O", "--target"])
        .arg(env::var_os("TARGET").expect("Cargo sets it"))
        .arg("-o")
        .arg(&library)
        .arg(source)
        .status()
        .expect("the compiler that runs can be started");
    assert!(status.success(), "the wall clock that jumps doesn't build");
    println!(
        "cargo::rustc-env=SHIFTED_CLOCK_LIBRARY={}",
        library.display()
    );
}

/// One `const` per source file, so that an unused guest is a dead-code warning.
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
