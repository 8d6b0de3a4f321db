//! Compiles the example connector, which the `demo` command carries inside the binary, and lists the files of the
//! template that `new` writes.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=../wit");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let list = template().map_err(|error| format!("the template can't be read: {error}"))?;
    fs::write(out.join("template_rust.rs"), list).map_err(|error| error.to_string())?;
    if env::var_os("CARGO_FEATURE_DEMO").is_none() {
        return Ok(());
    }
    let example = Path::new("../guest-example");
    for input in ["Cargo.toml", "Cargo.lock", "src"] {
        println!("cargo::rerun-if-changed={}", example.join(input).display());
    }
    let target = out.join("guest-example");
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

/// A Rust expression, `&[(path, contents), …]`: the template for Rust, with the kit in a folder of its own.
fn template() -> io::Result<String> {
    let template = [
        ".gitignore",
        "Cargo.lock",
        "Cargo.toml",
        "NAME.toml",
        "README.md",
        "src",
    ];
    let kit = ["Cargo.toml", "README.md", "clippy.toml", "src", "wit"];
    let mut list = String::from("&[\n");
    for (folder, inputs, within) in [
        ("../templates/rust", &template[..], ""),
        ("../kit/rust", &kit[..], "weld-connector/"),
    ] {
        let folder = Path::new(folder).canonicalize()?;
        for input in inputs {
            let path = folder.join(input);
            println!("cargo::rerun-if-changed={}", path.display());
            for file in files(path)? {
                let name = file.strip_prefix(&folder).unwrap_or(&file).display();
                let name = format!("{within}{name}");
                writeln!(list, "({name:?}, include_str!({file:?})),").map_err(io::Error::other)?;
            }
        }
    }
    list.push(']');
    Ok(list)
}

/// The file at `path`, or all files of the folder there, in order.
fn files(path: PathBuf) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path]);
    }
    let mut entries = fs::read_dir(&path)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        found.extend(files(entry)?);
    }
    Ok(found)
}
