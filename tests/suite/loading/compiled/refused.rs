//! Compiled files that no host may use: each is refused with the reason and the way out.

use super::{of_image, put, text, with_record};
use crate::{assert_error, host};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use tempfile::TempDir;
use weld_host_tests::host::HostBuilder;

/// A name, what is done to a good compiled file at a path, and what the host says of it.
type Case = (&'static str, fn(&Path), &'static str);

fn rewritten(path: &Path, change: impl FnOnce(&mut Value)) {
    let file = fs::read(path).unwrap();
    fs::write(path, with_record(&file, change)).unwrap();
}

fn flip(path: &Path, place: impl FnOnce(usize) -> usize) {
    let mut file = fs::read(path).unwrap();
    let place = place(file.len());
    file[place] ^= 1;
    fs::write(path, file).unwrap();
}

const CASES: [Case; 14] = [
    (
        "missing",
        |path| fs::remove_file(path).unwrap(),
        "there is no such file; run `weld-host compile` on the plugins folder, with -o DIR if the host has --compiled DIR",
    ),
    (
        "component",
        |path| put(&of_image("traps.cwasm"), path),
        "it was compiled from other contents of the .wasm file; run `weld-host compile` on the plugins folder again",
    ),
    (
        "truncated",
        |path| {
            let file = fs::read(path).unwrap();
            fs::write(path, &file[..file.len() - 1]).unwrap();
        },
        "it is truncated, or `weld-host compile` has not written it",
    ),
    (
        "empty",
        |path| fs::write(path, "").unwrap(),
        "it is truncated, or ",
    ),
    (
        "code",
        |path| flip(path, |length| length / 2),
        "its contents are damaged",
    ),
    (
        "record",
        |path| flip(path, |length| length - 60),
        "its contents are damaged",
    ),
    (
        "first",
        |path| flip(path, |_| 0),
        "its contents are damaged",
    ),
    (
        "version",
        |path| rewritten(path, |record| record["host"] = json!("9.9.9")),
        "weld-host 9.9.9 compiled it, and this is weld-host ",
    ),
    (
        "machine",
        |path| rewritten(path, |record| record["architecture"] = json!("z80")),
        "on z80, and this machine is ",
    ),
    (
        "processor",
        |path| {
            rewritten(path, |record| {
                record["cpu"] = json!("later");
                record["features"] = json!(["telepathy"]);
            });
        },
        "it is for a processor (`--cpu later`) with telepathy, which this machine's lacks; run `weld-host compile --cpu baseline` on",
    ),
    (
        "engine",
        |path| {
            let text = fs::read(path).unwrap();
            // The engine's version, at the beginning of its section.
            let section = b"\0\x0248";
            let place = text
                .windows(section.len())
                .position(|bytes| bytes == section);
            let mut text = text;
            text[place.expect("the engine's section") + 3] = b'7';
            fs::write(path, text).unwrap();
            // With a new digest.
            rewritten(path, |_| {});
        },
        "this host's engine refuses it",
    ),
    (
        "writable",
        |path| fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap(),
        "others may write to it (mode 666): remove that permission",
    ),
    (
        "link",
        |path| {
            fs::rename(path, path.with_extension("aside")).unwrap();
            symlink(path.with_extension("aside"), path).unwrap();
        },
        "it is not a regular file; replace it by the file itself",
    ),
    (
        "folder",
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
        "it is not a regular file",
    ),
];

/// A folder with a connector and a compiled file for each case.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, tamper, _) in CASES {
        let path = folder.path().join(name);
        put(&of_image("echo.wasm"), &path.with_extension("wasm"));
        let file = path.with_extension("cwasm");
        put(&of_image("echo.cwasm"), &file);
        tamper(&file);
    }
    folder
}

fn on(folder: &TempDir) -> HostBuilder {
    host().flag("--plugins", text(folder.path()))
}

#[test]
fn a_host_that_must_not_compile_does_not_load_them_and_says_why() {
    let folder = folder();
    let host = on(&folder)
        .without("--cache")
        .switch("--require-compiled")
        .flag("--admin", "127.0.0.1:0")
        .start();
    for (name, _, expected) in CASES {
        let line = host.announcement(name);
        let file = format!("{name}.cwasm can't be used: ");
        assert!(
            line.contains("not loaded: its compiled file ")
                && line.contains(&file)
                && line.contains(expected)
                && line.ends_with(", or start without --require-compiled"),
            "{name}: {line}"
        );
        assert_error(&host.weld(name).schema(), 503, "connector_unavailable");
        host.log().wait_for(name, |line| {
            line.contains("connector not loaded") && line.contains(&file)
        });
    }
    let line = host.stdout().wait_for_text("admin listener on ");
    let address = line.rsplit("http://").next().unwrap().parse().unwrap();
    let ready = weld_host_tests::weld::Request::new(address, "GET", "/readyz").send();
    assert_eq!(ready.json()["not_loaded"], CASES.len(), "{}", ready.text());
}

#[test]
fn another_host_reports_them_and_compiles() {
    let folder = folder();
    let host = on(&folder).flag("--compiled", text(folder.path())).start();
    for (name, _, expected) in CASES {
        let row = host.weld(name).good_row("beers", &json!({}));
        assert_eq!(row["table"], "beers", "{name}");
        if name != "missing" {
            let (reason, _) = expected.split_once("; ").unwrap_or((expected, ""));
            host.log().wait_for(name, |line| {
                line.contains("WARN")
                    && line.contains(&format!("{name}.cwasm"))
                    && line.contains("compiled file refused")
                    && line.contains(reason)
            });
        }
    }
}

#[test]
fn a_folder_that_others_may_write_to_is_not_trusted() {
    let folder = TempDir::new().unwrap();
    for name in ["echo.wasm", "echo.cwasm"] {
        put(&of_image(name), &folder.path().join(name));
    }
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let host = on(&folder).switch("--require-compiled").start();
    let line = host.announcement("echo");
    assert!(
        line.contains("its folder can't be trusted: others may write to it (mode 777)"),
        "{line}"
    );
    // The reason is outside of the file, so the host looks again.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    host.log().wait_for_text("connector loaded");
    assert_eq!(host.weld("echo").schema().status(), 200);
}
