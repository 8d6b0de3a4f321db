//! Special files in every place from which the host reads a file: each is reported, and none blocks the host.

use super::assert_not_loaded;
use crate::{assert_error, guests, host};
use serde_json::json;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::host::Host;

/// Kinds of files that can't be read, with the reason that is reported.
const KINDS: [(&str, &str); 5] = [
    ("pipe", "it is a named pipe, not a regular file"),
    ("zero", "it is a device, not a regular file"),
    ("folder", "it is a folder, not a regular file"),
    ("socket", "it is a socket, not a regular file"),
    ("sparse", "it is larger than "),
];

/// Creates one of this kind at a path.
fn make(kind: &str, path: &Path) {
    match kind {
        "pipe" => {
            let made = Command::new("mkfifo").arg(path).status();
            assert!(made.expect("mkfifo is part of every Unix").success());
        }
        "zero" => symlink("/dev/zero", path).unwrap(),
        "folder" => fs::create_dir(path).unwrap(),
        // The bound socket remains without a listener.
        "socket" => drop(UnixListener::bind(path).unwrap()),
        "sparse" => File::create(path).unwrap().set_len(10 << 30).unwrap(),
        other => panic!("{other}"),
    }
}

fn assert_good_serves(host: &Host) {
    let row = host.weld("good").good_row("beers", &json!({}));
    assert_eq!(row["table"], "beers");
}

/// The settings of a configuration that name a file.
const PLACES: [(&str, &str); 3] = [
    ("value", "[env]\nVALUE = { file = \"special\" }"),
    ("roots", "[network]\nroots = \"special\""),
    (
        "key",
        "[network]\nclient-certificate = \"special\"\nclient-key = \"special\"",
    ),
];

#[test]
fn special_file_as_configuration_is_reported_at_startup_and_at_runtime() {
    for (kind, reason) in KINDS {
        let builder = host()
            .flag("--reload", "100ms")
            .plugin("good", guests::ECHOES_STATE)
            .plugin("guest", guests::ECHOES_STATE);
        make(kind, &builder.plugins().join("guest.toml"));
        let host = builder.start();
        assert_not_loaded(&host, "guest", reason);
        assert_error(&host.weld("guest").schema(), 503, "connector_unavailable");
        assert_good_serves(&host);
        make(kind, &host.plugins().join("live.toml"));
        fs::copy(guests::ECHOES_STATE, host.plugins().join("live.wasm")).unwrap();
        let line = host.log().wait_for("the reason", |line| {
            line.contains("not loaded") && line.contains("connector=\"live\"")
        });
        assert!(line.contains(reason), "{line}");
        let _folder = fs::remove_dir(host.plugins().join("live.toml"));
        let _file = fs::remove_file(host.plugins().join("live.toml"));
        host.log().wait_for_text("connector loaded");
        assert_eq!(
            host.weld("live").schema().status(),
            200,
            "{kind}: reload lives"
        );
    }
}

#[test]
fn special_file_named_by_a_configuration_is_reported_with_its_key() {
    for (kind, reason) in KINDS {
        let mut builder = host().plugin("good", guests::ECHOES_STATE);
        for (name, config) in PLACES {
            builder = builder
                .plugin(name, guests::ECHOES_STATE)
                .config(name, config);
        }
        make(kind, &builder.plugins().join("special"));
        let host = builder.start();
        for (name, _) in PLACES {
            assert_not_loaded(&host, name, "toml:2: ");
            let lines = host.stdout().so_far().join("\n");
            assert!(lines.contains(reason), "{kind}: {lines}");
        }
        assert_good_serves(&host);
        assert!(host.peak_memory() < 1 << 30, "{kind}");
    }
}

#[test]
fn special_file_as_key_file_ends_the_start_with_the_reason() {
    let folder = TempDir::new().unwrap();
    for (kind, reason) in KINDS {
        let path = folder.path().join(kind);
        make(kind, &path);
        for flag in ["--api-key-file", "--token-key-file"] {
            let failure = host().flag(flag, &path.display().to_string()).fail();
            assert_eq!(failure.status.code(), Some(1), "{flag} {kind}");
            let said = failure.stderr.join("\n");
            assert!(
                said.contains(&*path.display().to_string()) && said.contains(reason),
                "{flag} {kind}: {said}"
            );
        }
    }
}
