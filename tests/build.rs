//! Compiles every test guest to a component, and writes a constant with the path of each.

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
