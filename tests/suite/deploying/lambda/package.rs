//! `weld-host lambda package`.

use crate::{PROGRAM, guests};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::process::{Ended, Process};

/// Runs the command in a folder.
fn package(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(PROGRAM);
    command
        .args(["lambda", "package"])
        .args(arguments)
        .env_clear()
        .current_dir(folder);
    Process::start(&mut command).wait()
}

/// The head of a static program for 64-bit ARM.
fn program() -> Vec<u8> {
    let mut head = vec![0; 64];
    head[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    // An executable for the machine 183, whose head has 64 bytes.
    for (place, value) in [(16, 2), (18, 183), (20, 1), (52, 64), (54, 56)] {
        head[place] = value;
    }
    head
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("plugins")).unwrap();
    fs::copy(guests::ECHOES_STATE, path("plugins/beers.wasm")).unwrap();
    fs::write(path("plugins/beers.toml"), "").unwrap();
    fs::write(path("weld-host.toml"), "default = \"beers\"\n").unwrap();
    fs::write(path("program"), program()).unwrap();
    folder
}

#[test]
fn package_is_written_and_its_architecture_named() {
    let folder = folder();
    let first = package(folder.path(), &["--binary", "program", "-o", "first.zip"]);
    assert!(first.status.success(), "{first:?}");
    let said = first.stdout.join("\n");
    for text in [
        "first.zip",
        "arm64",
        "static",
        "beers",
        "weld-host.toml",
        "provided.al2023",
    ] {
        assert!(said.contains(text), "{text} in {said}");
    }
    let second = package(
        folder.path(),
        &["--binary", "program", "--plugins", "plugins"],
    );
    assert!(second.status.success(), "{second:?}");
    let [one, other] = ["first.zip", "function.zip"].map(|name| fs::read(folder.path().join(name)));
    assert!(one.unwrap() == other.unwrap());
}

#[test]
fn what_lambda_does_not_run_is_refused() {
    let folder = folder();
    fs::write(folder.path().join("script"), "#!/bin/sh\n").unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (arguments, words) in [
        (&["--binary", "script"][..], &["script", "--binary"][..]),
        (&["--binary", "missing"], &["missing can't be read"]),
        (
            &["--binary", "program", "--plugins", "empty"],
            &["empty", "NAME.wasm", "--plugins"],
        ),
        (
            &["--binary", "program", "--config", "other.toml"],
            &["other.toml can't be read"],
        ),
        (
            &["--binary", "program", "-o", "no/such/folder.zip"],
            &["no/such/folder.zip can't be written"],
        ),
    ] {
        let ended = package(folder.path(), arguments);
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        let said = ended.stderr.join("\n");
        for word in words {
            assert!(said.contains(word), "{word} in {said}");
        }
        assert!(!folder.path().join("function.zip").exists());
    }
}

#[test]
fn package_over_the_limit_of_lambda_is_refused() {
    let folder = folder();
    let large = fs::File::create(folder.path().join("plugins/large.bin")).unwrap();
    large.set_len(251 << 20).unwrap();
    let ended = package(folder.path(), &["--binary", "program"]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let said = ended.stderr.join("\n");
    for word in ["250MiB", "unpacked", "plugins/large.bin"] {
        assert!(said.contains(word), "{word} in {said}");
    }
}
