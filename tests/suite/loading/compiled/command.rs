//! What `weld-host compile` writes and says.

use super::{command, compile, compiled, image, put, text};
use crate::guests;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::component;
use weld_host_tests::process::{Process, children};
use weld_host_tests::until;

/// The names of all files of a folder, hidden ones too.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

fn is(names: &BTreeSet<String>, expected: &[&str]) -> bool {
    names.iter().eq(expected)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A plugins folder with these connectors.
fn plugins(connectors: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, component) in connectors {
        put(
            Path::new(component),
            &folder.path().join(format!("{name}.wasm")),
        );
    }
    folder
}

#[test]
fn only_what_is_not_up_to_date_is_compiled() {
    let folder = plugins(&[("echo", guests::ECHOES_STATE), ("traps", guests::TRAPS)]);
    let plugins = folder.path();
    let said = compiled(&[text(plugins)]);
    let expected = ["echo.cwasm", "echo.wasm", "traps.cwasm", "traps.wasm"];
    assert!(is(&names(plugins), &expected), "{:?}", names(plugins));
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(
        said[2].starts_with("2 compiled, 0 unchanged; ")
            && said[2].ends_with(" for --cpu baseline"),
        "{said:?}"
    );
    let traps = fs::read(plugins.join("traps.cwasm")).unwrap();
    put(Path::new(guests::MAKES_ROWS), &plugins.join("echo.wasm"));
    let said = compiled(&[text(plugins)]).join("\n");
    assert!(said.contains("1 compiled, 1 unchanged"), "{said}");
    assert!(
        said.contains("compiled  ") && said.contains("echo.cwasm"),
        "{said}"
    );
    // A damaged file and one for another processor are not up to date.
    fs::write(plugins.join("traps.cwasm"), &traps[1..]).unwrap();
    let said = compiled(&[text(plugins)]).join("\n");
    assert!(said.contains("1 compiled, 1 unchanged"), "{said}");
    assert_eq!(
        fs::read(plugins.join("traps.cwasm")).unwrap(),
        traps,
        "the same again"
    );
    let said = compiled(&[text(plugins), "--cpu", "native"]).join("\n");
    assert!(said.contains("2 compiled, 0 unchanged"), "{said}");
}

#[test]
fn an_output_folder_gets_all_that_a_host_needs_and_only_its_owner_can_write_to_it() {
    let expected = [
        "echo.cwasm",
        "echo.toml",
        "echo.wasm",
        "traps.cwasm",
        "traps.wasm",
    ];
    assert!(is(&names(image()), &expected), "{:?}", names(image()));
    let plugins = plugins(&[("echo", guests::ECHOES_STATE)]);
    let configuration = plugins.path().join("echo.toml");
    fs::write(&configuration, "# secret").unwrap();
    fs::set_permissions(&configuration, fs::Permissions::from_mode(0o600)).unwrap();
    let output = plugins.path().join("made/by/it");
    let script = format!(
        "umask 0; exec \"$0\" compile {} -o {}",
        text(plugins.path()),
        text(&output)
    );
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(script).arg(crate::PROGRAM).env_clear();
    let ended = Process::start(&mut shell).wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(mode(&output), 0o755);
    assert_eq!(mode(&output.join("echo.cwasm")), 0o644);
    assert_eq!(mode(&output.join("echo.toml")), 0o600, "as it was");
    assert_eq!(
        fs::read_to_string(output.join("echo.toml")).unwrap(),
        "# secret"
    );
}

#[test]
fn a_folder_whose_code_no_host_would_use_is_reported() {
    let plugins = plugins(&[("echo", guests::ECHOES_STATE)]);
    fs::set_permissions(plugins.path(), fs::Permissions::from_mode(0o775)).unwrap();
    let ended = compile(&[text(plugins.path())]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let said = ended.stderr.join("\n");
    assert!(
        said.contains("no host will use ") && said.contains("mode 775"),
        "{said}"
    );
}

#[test]
fn a_component_that_can_not_be_compiled_keeps_none_from_it_and_loses_nothing() {
    let folder = plugins(&[("echo", guests::ECHOES_STATE), ("traps", guests::TRAPS)]);
    let output = TempDir::new().unwrap();
    let arguments = [text(folder.path()), "-o", text(output.path())];
    compiled(&arguments);
    let before = fs::read(output.path().join("traps.wasm")).unwrap();
    fs::write(folder.path().join("traps.wasm"), "no component").unwrap();
    fs::write(folder.path().join("Bad Name.wasm"), "no component").unwrap();
    put(
        Path::new(guests::IMPORTS_AN_UNKNOWN_FUNCTION),
        &folder.path().join("imports.wasm"),
    );
    let ended = compile(&arguments);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let said = ended.stderr.join("\n");
    for expected in [
        "traps.wasm was not compiled: the file is not WebAssembly",
        "Bad Name.wasm was not compiled: ",
        "imports.wasm was not compiled: the component has imports that this host does not offer",
        "weld-host: 3 connectors were not compiled",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let summary = ended.stdout.join("\n");
    assert!(
        summary.contains("0 compiled, 1 unchanged, 3 failed"),
        "{summary}"
    );
    let expected = ["echo.cwasm", "echo.wasm", "traps.cwasm", "traps.wasm"];
    assert!(
        is(&names(output.path()), &expected),
        "{:?}",
        names(output.path())
    );
    assert_eq!(fs::read(output.path().join("traps.wasm")).unwrap(), before);
}

#[test]
fn folders_and_processors_that_do_not_exist_are_named() {
    let empty = TempDir::new().unwrap();
    let missing = empty.path().join("missing");
    let file = empty.path().join("file");
    fs::write(&file, "").unwrap();
    let plugins = plugins(&[("echo", guests::ECHOES_STATE)]);
    for (arguments, expected) in [
        (
            vec![text(empty.path())],
            "has no .wasm file; name the plugins folder",
        ),
        (vec![text(&missing)], "missing can't be used: No such file"),
        (
            vec![text(plugins.path()), "-o", text(&file)],
            "file can't be used: ",
        ),
        (
            vec![text(plugins.path()), "--cpu", "z80"],
            "there is no processor `z80` for ",
        ),
        (
            vec![text(&plugins.path().join("other.wasm"))],
            "other.wasm was not compiled: ",
        ),
    ] {
        let ended = compile(&arguments);
        let said = ended.stderr.join("\n");
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!ended.status.success(), "{ended:?}");
    }
}

#[test]
fn an_interrupted_run_leaves_only_whole_files() {
    let plugins = plugins(&[("echo", guests::ECHOES_STATE)]);
    fs::write(plugins.path().join("slow.wasm"), component::slow()).unwrap();
    let process = Process::start(&mut command(&[text(plugins.path())]));
    process.stdout().wait_for_text("compiled  ");
    until("the other one is being compiled", || {
        !children(process.id()).is_empty()
    });
    process.signal(Signal::INT);
    let ended = process.wait();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let said = ended.stderr.join("\n");
    assert!(said.contains("weld-host: stopped by a signal"), "{said}");
    let expected = ["echo.cwasm", "echo.wasm", "slow.wasm"];
    assert!(
        is(&names(plugins.path()), &expected),
        "{:?}",
        names(plugins.path())
    );
    let again = Process::start(&mut command(&[text(&plugins.path().join("echo.wasm"))])).wait();
    assert!(again.stdout[0].starts_with("unchanged "), "{again:?}");
}

#[test]
fn a_disk_without_room_leaves_nothing_behind() {
    let plugins = plugins(&[("echo", guests::ECHOES_STATE)]);
    let script = format!("ulimit -f 8; exec \"$0\" compile {}", text(plugins.path()));
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(script).arg(crate::PROGRAM).env_clear();
    let ended = Process::start(&mut shell).wait();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let said = ended.stderr.join("\n");
    assert!(
        said.contains("echo.cwasm could not be written: File too large"),
        "{said}"
    );
    assert!(
        is(&names(plugins.path()), &["echo.wasm"]),
        "{:?}",
        names(plugins.path())
    );
}

#[test]
fn an_error_leaves_the_old_files_of_a_connector_together() {
    let folder = plugins(&[("shop", guests::ECHOES_STATE)]);
    let output = TempDir::new().unwrap();
    let arguments = [text(folder.path()), "-o", text(output.path())];
    compiled(&arguments);
    let files =
        || ["shop.wasm", "shop.cwasm"].map(|name| fs::read(output.path().join(name)).unwrap());
    let before = files();
    put(Path::new(guests::TRAPS), &folder.path().join("shop.wasm"));
    fs::create_dir(folder.path().join("shop.toml")).unwrap();
    let ended = compile(&arguments);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(files() == before, "both are the old ones");
    let names = names(output.path());
    assert!(is(&names, &["shop.cwasm", "shop.wasm"]), "{names:?}");
}

#[test]
fn a_connector_that_was_removed_is_named_and_stays_in_the_output() {
    let folder = plugins(&[("echo", guests::ECHOES_STATE), ("traps", guests::TRAPS)]);
    let output = TempDir::new().unwrap();
    let arguments = [text(folder.path()), "-o", text(output.path())];
    compiled(&arguments);
    fs::remove_file(folder.path().join("traps.wasm")).unwrap();
    let said = compile(&arguments).stderr.join("\n");
    for name in ["traps.wasm", "traps.cwasm"] {
        let left = output.path().join(name);
        let expected = format!("{} stays, although there is no ", left.display());
        assert!(said.contains(&expected), "{expected}: {said}");
        assert!(left.exists());
    }
    assert!(!said.contains("echo"), "{said}");
    // Of a single component, the others are none of its business.
    let one = folder.path().join("echo.wasm");
    let said = compile(&[text(&one), "-o", text(output.path())]).stderr;
    assert!(said.is_empty(), "{said:?}");
}
