//! What `weld-host check` prints for each finding.

use crate::{PROGRAM, guests};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A folder with these files, and nothing else.
fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn guest(component: &str) -> Vec<u8> {
    fs::read(component).expect("the build script made it")
}

/// What `check` prints, on stdout and then on stderr.
fn checked(folder: &TempDir, file: &str) -> String {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check");
    let output = Command::new(PROGRAM)
        .arg("check")
        .arg(file)
        .env_clear()
        .env("XDG_CACHE_HOME", cache)
        .current_dir(folder.path())
        .output()
        .expect("the program can be started");
    let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    texts.concat()
}

#[test]
fn connector_with_faults_is_reported_like_this() {
    let folder = folder(&[("faulty.wasm", guest(guests::HAS_EVERY_FAULT))]);
    insta::assert_snapshot!(checked(&folder, "faulty.wasm"));
}

#[test]
fn files_that_do_not_load_are_reported_like_this() {
    let folder = folder(&[
        ("text.wasm", b"no wasm".to_vec()),
        ("module.wasm", b"\0asm\x01\0\0\0".to_vec()),
        ("command.wasm", guest(guests::IS_A_COMMAND)),
        ("later.wasm", guest(guests::SPEAKS_ANOTHER_VERSION)),
        ("shape.wasm", guest(guests::EXPORTS_ANOTHER_SHAPE)),
        ("imports.wasm", guest(guests::IMPORTS_AN_UNKNOWN_FUNCTION)),
        ("config.wasm", guest(guests::ECHOES_STATE)),
        ("config.toml", b"[limits]\nmemroy = 1".to_vec()),
    ]);
    let files = [
        "text.wasm",
        "module.wasm",
        "command.wasm",
        "later.wasm",
        "shape.wasm",
        "imports.wasm",
        "config.wasm",
    ];
    insta::assert_snapshot!(files.map(|file| checked(&folder, file)).join("\n"));
}

#[test]
fn schemas_that_cannot_be_synced_are_reported_like_this() {
    let folder = folder(&[
        ("fails.wasm", guest(guests::FAILS_AS_REQUESTED)),
        ("fails.toml", b"[env]\nSCHEMA_ERROR = \"other\"".to_vec()),
        ("empty.wasm", guest(guests::FAILS_AS_REQUESTED)),
        (
            "empty.toml",
            b"[env]\nSCHEMA_ERROR = \"no_tables\"".to_vec(),
        ),
    ]);
    let files = ["fails.wasm", "empty.wasm"];
    insta::assert_snapshot!(files.map(|file| checked(&folder, file)).join("\n"));
}

#[test]
fn missing_file_is_reported_like_this() {
    insta::assert_snapshot!(checked(&folder(&[]), "none.wasm"));
}
