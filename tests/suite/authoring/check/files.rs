//! What `check` says about files that no host would load, and about several files.

use super::{Folder, findings, objects, pairs, text};
use crate::{PROGRAM, guests};
use std::fs;
use std::process::Command;

#[test]
fn file_that_no_host_would_load_is_reported_with_its_reason() {
    let folder = Folder::new()
        .with("text.wasm", "no wasm")
        .with("module.wasm", b"\0asm\x01\0\0\0")
        .with_guest("command.wasm", guests::IS_A_COMMAND)
        .with_guest("later.wasm", guests::SPEAKS_ANOTHER_VERSION)
        .with_guest("shape.wasm", guests::EXPORTS_ANOTHER_SHAPE)
        .with_guest("imports.wasm", guests::IMPORTS_AN_UNKNOWN_FUNCTION)
        .with_guest("config.wasm", guests::ECHOES_STATE)
        .with("config.toml", "[limits]\nmemroy = 1");
    for (file, code, part) in [
        ("text.wasm", "no-component", "the file is not WebAssembly"),
        ("module.wasm", "no-component", "a core module"),
        ("command.wasm", "no-contract", "wasi:cli/run"),
        ("later.wasm", "contract-version", "0.2.0"),
        ("shape.wasm", "not-loaded", "weld:connector/source"),
        ("imports.wasm", "not-loaded", "teleport"),
        ("config.wasm", "not-loaded", "did you mean `memory`?"),
    ] {
        let output = folder.check(&[file, "--json"]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        let checked = &objects(&output)[0];
        assert_eq!(findings(checked), pairs(&[("-", code)]), "{checked:#}");
        let message = checked["findings"][0]["message"].as_str().unwrap();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn several_connectors_are_checked_in_turn() {
    let folder = Folder::new()
        .with("text.wasm", "no wasm")
        .with_guest("faulty.wasm", guests::HAS_EVERY_FAULT);
    let output = folder.check(&["text.wasm", "faulty.wasm", "--offline", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let files: Vec<_> = objects(&output)
        .iter()
        .map(|checked| checked["file"].clone())
        .collect();
    assert_eq!(files, ["text.wasm", "faulty.wasm"]);
    assert!(text(&output.stderr).contains("1 connector did not pass"));
}

#[test]
fn file_that_cannot_be_checked_is_one_finding() {
    let folder = Folder::new().with_guest("Not A Name.wasm", guests::ECHOES_STATE);
    fs::create_dir(folder.0.path().join("folder")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.0.path().join("dangling.wasm")).unwrap();
    std::os::unix::net::UnixListener::bind(folder.0.path().join("socket.wasm")).unwrap();
    for (file, code, part) in [
        ("none.wasm", "unreadable", "there is no such file"),
        ("dangling.wasm", "unreadable", "there is no such file"),
        ("socket.wasm", "unreadable", "a socket"),
        (
            "folder",
            "not-built",
            "folder is empty; `weld-host new NAME`",
        ),
        ("Not A Name.wasm", "not-loaded", "name"),
    ] {
        let output = folder.check(&[file, "--json"]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        let checked = &objects(&output)[0];
        assert_eq!(findings(checked), pairs(&[("-", code)]), "{checked:#}");
        let message = checked["findings"][0]["message"].as_str().unwrap();
        assert!(message.contains(part), "{message}");
        let output = folder.check(&[file]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        let said = text(&output.stdout);
        assert!(said.contains(&format!("error    {code}: ")), "{said}");
    }
}

#[test]
fn url_is_refused_with_the_command_that_takes_it() {
    let output = Folder::new().check(&["a.wasm", "http://127.0.0.1:9/shop"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "nothing is checked");
    let said = text(&output.stderr);
    assert!(
        said.contains("weld-host sync http://127.0.0.1:9/shop --strict"),
        "{said}"
    );
    assert!(!said.contains("give"), "{said}");
}

/// The address space of a process, in KiB, in which two engines of a server would have no room.
const ADDRESS_SPACE: &str = "167772160";

#[test]
fn each_connector_is_checked_in_a_small_host_of_its_own() {
    let files = ["a.wasm", "b.wasm", "c.wasm", "d.wasm"];
    let folder = files.iter().fold(Folder::new(), |folder, file| {
        folder.with_guest(file, guests::ECHOES_STATE)
    });
    let command = format!("ulimit -v {ADDRESS_SPACE} && exec \"$0\" check --offline \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &command, PROGRAM])
        .args(files)
        .env_clear()
        .env("XDG_CACHE_HOME", folder.cache())
        .current_dir(folder.0.path())
        .output()
        .expect("the program can be started");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
