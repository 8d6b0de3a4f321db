//! `sync` and `check` of a folder: it is built first, unless nothing has changed.

use super::super::workshop::Workshop;
use super::{assert_fails, copies};
use crate::guests;
use std::path::Path;
use weld_host_tests::process::{Ended, Process};

/// A connector in Python whose build tool copies a guest with one table.
fn of_python() -> Workshop {
    Workshop::new().with("beers/app.py", "one").with_tool(
        "tools/componentize-py",
        &format!(
            "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\n{}",
            copies(guests::ECHOES_STATE)
        ),
    )
}

fn sync(workshop: &Workshop, arguments: &[&str]) -> Ended {
    let mut command = workshop.command("sync", arguments);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check");
    Process::start(command.env("XDG_CACHE_HOME", cache)).wait()
}

fn builds(workshop: &Workshop) -> usize {
    let calls = workshop.calls();
    let builds = calls
        .iter()
        .filter(|call| call.contains(" componentize app "));
    builds.count()
}

#[test]
fn folder_is_built_before_a_sync_and_only_if_something_has_changed() {
    let workshop = of_python().with("beers/beers.toml", "[env]\nA = \"1\"\n");
    let ended = sync(&workshop, &["beers", "--to", "-"]);
    assert!(ended.status.success(), "{ended:?}");
    assert!(workshop.has_installed(guests::ECHOES_STATE));
    assert_eq!(builds(&workshop), 1);
    assert!(
        ended.stdout.iter().all(|line| line.starts_with('{')),
        "only rows: {ended:?}"
    );
    let ended = sync(&workshop, &["beers", "--to", "rows/"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(builds(&workshop), 1);
    let said = ended.stderr.join("\n");
    assert!(said.contains("unchanged ./plugins/beers.wasm"), "{said}");

    // The configuration is not a part of the component.
    workshop.write("beers/beers.toml", "[env]\nA = \"2\"\n");
    let ended = sync(&workshop, &["beers", "--to", "rows/"]);
    assert_eq!(builds(&workshop), 1);
    let said = ended.stderr.join("\n");
    assert!(
        said.contains("which differs from beers/beers.toml")
            && said.contains("weld-host build beers --config"),
        "{said}"
    );

    // A source, an installed package, and a component that somebody has replaced are.
    workshop.write("beers/app.py", "two");
    sync(&workshop, &["beers", "--to", "rows/"]);
    assert_eq!(builds(&workshop), 2);
    workshop.write(
        "beers/.venv/lib/python3.11/site-packages/tzdata-2025.2.dist-info/METADATA",
        "",
    );
    workshop.write("beers/.venv/bin/python", "");
    workshop.write(
        "beers/.venv/bin/componentize-py",
        workshop.read("tools/componentize-py"),
    );
    std::fs::set_permissions(
        workshop.at("beers/.venv/bin/componentize-py"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    sync(&workshop, &["beers", "--to", "rows/"]);
    assert_eq!(builds(&workshop), 3);
    workshop.write("plugins/beers.wasm", "another one");
    let ended = sync(&workshop, &["beers", "--to", "rows/"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(builds(&workshop), 4);
    // Built for one plugins folder is not built for another.
    sync(
        &workshop,
        &["beers", "--to", "rows/", "--plugins", "others"],
    );
    assert_eq!(builds(&workshop), 5);
    assert!(workshop.at("others/beers.wasm").is_file());
}

#[test]
fn failure_of_the_build_ends_the_sync_and_a_plain_name_is_an_installed_connector() {
    let workshop = of_python();
    assert!(
        sync(&workshop, &["beers", "--to", "rows/"])
            .status
            .success()
    );
    std::fs::rename(workshop.at("beers"), workshop.at("sources")).unwrap();
    let ended = sync(&workshop, &["beers", "--to", "rows/"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(builds(&workshop), 1, "there is nothing to build");
    let ended = sync(&workshop, &["none", "--to", "rows/"]);
    assert_fails(&ended, &["there is no connector none", "plugins folder"]);

    workshop.tool(
        "tools/componentize-py",
        "echo componentize-py 0.25.1; [ \"$1\" = --version ]",
    );
    let ended = sync(&workshop, &["sources", "--to", "rows/"]);
    assert_fails(&ended, &["componentize app", "failed (exit status: 1)"]);
}

#[test]
fn signal_ends_the_build_before_a_sync() {
    let workshop = of_python();
    workshop.tool(
        "tools/componentize-py",
        "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\nexec sleep 600",
    );
    let process = Process::start(&mut workshop.command("sync", &["beers"]));
    process
        .stderr()
        .wait_for_text("$ componentize-py componentize app");
    process.signal(rustix::process::Signal::INT);
    assert_fails(&process.wait(), &["stopped by a signal"]);
    assert!(!workshop.at("plugins").exists());
}

#[test]
fn folder_is_built_before_a_check_and_a_failed_build_is_a_finding() {
    let workshop = of_python().with("empty/notes.txt", "");
    let mut command = workshop.command("check", &["beers", "empty", "beers", "--offline"]);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check");
    let ended = Process::start(command.env("XDG_CACHE_HOME", cache)).wait();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert_eq!(builds(&workshop), 1, "{ended:?}");
    let said = ended.stdout.join("\n");
    assert_eq!(said.matches("./plugins/beers.wasm\n").count(), 2, "{said}");
    assert!(said.contains("error    not-built: "), "{said}");
    assert!(said.contains("empty contains no connector"), "{said}");
}
