//! `build` and the connector's `NAME.toml`: what is installed, what is kept, and what is reported.

use super::super::workshop::Workshop;
use super::{assert_fails, copies};
use crate::guests;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use weld_host_tests::process::Process;
use weld_host_tests::until;

const OLD: &str =
    "[network]\nallow = [\"https://a.example.com\"]\n\n[env]\nKEY = \"old hunter2\"\n";

/// A connector that was built with the configuration [`OLD`], and whose own has been edited since.
fn edited() -> Workshop {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE).with("beers/beers.toml", OLD);
    let ended = workshop.build(&["beers"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(workshop.read("plugins/beers.toml"), OLD);
    workshop.write("beers/beers.toml", new());
    workshop
}

fn new() -> String {
    OLD.replace("//a.", "//b.").replace("old", "new")
}

#[test]
fn difference_is_shown_without_secrets_and_config_installs_the_new_file() {
    let workshop = edited();
    let ended = workshop.build(&["beers"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(workshop.read("plugins/beers.toml"), OLD, "it is kept");
    let said = ended.stderr.join("\n");
    for line in [
        "kept      ./plugins/beers.toml, which differs from beers/beers.toml",
        "-allow = [\"https://a.example.com\"]",
        "+allow = [\"https://b.example.com\"]",
        "-KEY = \"…\"",
        "+KEY = \"…\"",
    ] {
        assert!(said.lines().any(|found| found == line), "{line} in {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    let last = ended.stderr.last().unwrap();
    let (_, command) = last
        .split_once("to install beers/beers.toml: ")
        .expect(last);
    assert_eq!(command, "weld-host build beers --config");

    fs::set_permissions(
        workshop.at("plugins/beers.toml"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    let ended = workshop.build(&["beers", "--config"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(workshop.read("plugins/beers.toml"), new());
    let said = ended.stdout.join("\n");
    assert!(said.contains("installed ./plugins/beers.toml"), "{said}");
    let mode = fs::metadata(workshop.at("plugins/beers.toml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "a private file stays private");
    let ended = workshop.build(&["beers"]);
    assert!(!ended.stderr.join("\n").contains("beers.toml"), "{ended:?}");
}

#[test]
fn edits_of_the_installed_file_are_one_line_and_never_lost() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE).with("beers/beers.toml", OLD);
    assert!(workshop.build(&["beers"]).status.success());
    let in_place = format!("{OLD}# mine\n");
    workshop.write("plugins/beers.toml", &in_place);
    let ended = workshop.build(&["beers"]);
    assert!(ended.status.success(), "{ended:?}");
    let about: Vec<_> = ended
        .stderr
        .iter()
        .filter(|line| line.contains("beers.toml"))
        .collect();
    assert_eq!(
        about,
        ["kept      ./plugins/beers.toml, which was edited; beers/beers.toml is unchanged"]
    );
    assert!(!ended.stderr.join("\n").contains("@@"), "{ended:?}");

    // Both were edited: the command that replaces one says what it keeps.
    workshop.write("beers/beers.toml", new());
    let ended = workshop.build(&["beers"]);
    let said = ended.stderr.join("\n");
    assert!(
        said.contains("@@")
            && said.contains(
                "replaces the edits of ./plugins/beers.toml, of which it keeps a copy, ./plugins/beers.toml.old"
            )
            && said.ends_with("to install beers/beers.toml: weld-host build beers --config"),
        "{said}"
    );
    let ended = workshop.build(&["beers", "--config"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(workshop.read("plugins/beers.toml"), new());
    assert_eq!(workshop.read("plugins/beers.toml.old"), in_place);
    let said = ended.stdout.join("\n");
    assert!(
        said.contains("kept      ./plugins/beers.toml.old, the file that was there before"),
        "{said}"
    );
    // What a build installed has no edits to keep.
    workshop.write("beers/beers.toml", OLD);
    assert!(workshop.build(&["beers", "--config"]).status.success());
    assert_eq!(workshop.read("plugins/beers.toml.old"), in_place);
}

#[test]
fn invalid_configuration_is_never_installed() {
    let broken = "[network]\nallow = []\n[evn]\nA = \"b\"\n";
    let fresh = Workshop::of_rust(guests::ECHOES_STATE).with("beers/beers.toml", broken);
    assert_fails(
        &fresh.build(&["beers"]),
        &["beers/beers.toml:3: evn: unknown key; did you mean `env`?"],
    );
    assert!(!fresh.at("plugins").exists());
    assert_eq!(fresh.calls().len(), 1, "it is noticed before the build");

    let workshop = edited();
    workshop.write("beers/beers.toml", broken);
    assert_fails(
        &workshop.build(&["beers", "--config"]),
        &["beers/beers.toml:3: evn"],
    );
    let ended = workshop.build(&["beers"]);
    assert!(ended.status.success(), "{ended:?}");
    let said = ended.stderr.join("\n");
    assert!(
        said.contains("kept      ./plugins/beers.toml, because the new one is not valid")
            && said.contains("beers/beers.toml:3: evn"),
        "{said}"
    );
    assert_eq!(workshop.read("plugins/beers.toml"), OLD);

    // Variables and files of the host need not be known where the connector is built.
    let elsewhere = "[env]\nKEY = { env = \"ONLY_THE_HOST_HAS_IT\" }\nB = { file = \"b.txt\" }\n";
    workshop.write("beers/beers.toml", elsewhere);
    let ended = workshop.build(&["beers", "--config"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(workshop.read("plugins/beers.toml"), elsewhere);
}

#[test]
fn odd_files_are_reported_and_left_alone() {
    let workshop = edited();
    let place = workshop.at("plugins/beers.toml");
    let keeps = |words: &str| {
        let ended = workshop.build(&["beers"]);
        assert!(ended.status.success(), "{ended:?}");
        let said = ended.stderr.join("\n");
        assert!(
            said.contains("kept") && said.contains(words),
            "{words}: {said}"
        );
        assert!(!said.contains("--config"), "it could not help: {said}");
    };
    let refuses = |words: &[&str]| assert_fails(&workshop.build(&["beers", "--config"]), words);

    // The installed file is something else.
    fs::rename(&place, workshop.at("other.toml")).unwrap();
    symlink("../other.toml", &place).unwrap();
    let link = [
        "./plugins/beers.toml can't be replaced",
        "link to ../other.toml",
    ];
    keeps("which differs from beers/beers.toml");
    refuses(&link);
    assert_eq!(workshop.read("other.toml"), OLD);
    fs::remove_file(workshop.at("other.toml")).unwrap();
    keeps("it can't be read");
    refuses(&link);
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    keeps("it is a folder");
    refuses(&["./plugins/beers.toml can't be replaced", "it is a folder"]);
    fs::remove_dir(&place).unwrap();
    fs::write(&place, b"[env]\nA = '\xff'").unwrap();
    let ended = workshop.build(&["beers"]);
    let said = ended.stderr.join("\n");
    assert!(
        said.contains("./plugins/beers.toml:2: the file is not valid UTF-8")
            && said.contains("--config"),
        "{said}"
    );

    // The project's own file is.
    fs::write(&place, OLD).unwrap();
    fs::write(workshop.at("beers/beers.toml"), b"\xff").unwrap();
    keeps("beers/beers.toml:1: the file is not valid UTF-8");
    refuses(&["beers/beers.toml:1: the file is not valid UTF-8"]);
    fs::remove_file(workshop.at("beers/beers.toml")).unwrap();
    refuses(&["--config", "there is no beers/beers.toml"]);
    let ended = workshop.build(&["beers"]);
    assert!(!ended.stderr.join("\n").contains("toml"), "{ended:?}");
    fs::create_dir(workshop.at("beers/beers.toml")).unwrap();
    keeps("beers/beers.toml can't be read: it is a folder");
    refuses(&["beers/beers.toml can't be read", "it is a folder"]);
    assert_eq!(workshop.read("plugins/beers.toml"), OLD);

    // Both are the same file.
    fs::remove_dir(workshop.at("beers/beers.toml")).unwrap();
    fs::remove_file(&place).unwrap();
    workshop.write("beers/beers.toml", new());
    symlink("../beers/beers.toml", &place).unwrap();
    for arguments in [&["beers"][..], &["beers", "--config"]] {
        let ended = workshop.build(arguments);
        assert!(ended.status.success(), "{ended:?}");
        assert!(!ended.stderr.join("\n").contains("toml"), "{ended:?}");
    }
    assert!(place.is_symlink());
}

#[test]
fn watch_installs_a_newer_configuration_unless_the_installed_one_was_edited() {
    // Also after a restart: the first build of a watch compares with what an earlier command installed.
    let workshop = edited();
    let process = Process::start(&mut workshop.command("build", &["beers", "--watch"]));
    process
        .stdout()
        .wait_for_text("installed ./plugins/beers.toml");
    process.stdout().wait_for_text("watching");
    assert_eq!(workshop.read("plugins/beers.toml"), new());
    let builds = || {
        let calls = workshop.calls();
        calls
            .iter()
            .filter(|call| call.starts_with("cargo"))
            .count()
    };
    let before = builds();
    let newest = new().replace("//b.", "//c.");
    workshop.write("beers/beers.toml", &newest);
    until("the new one is installed", || {
        workshop.read("plugins/beers.toml") == newest
    });
    // Half-edited: the old one stays.
    workshop.write("beers/beers.toml", "[network");
    process
        .stderr()
        .wait_for_text("because the new one is not valid");
    assert_eq!(workshop.read("plugins/beers.toml"), newest);
    // Edited in place: it stays, too.
    let in_place = format!("{newest}# mine\n");
    workshop.write("plugins/beers.toml", &in_place);
    workshop.write("beers/beers.toml", OLD);
    process
        .stderr()
        .wait_for_text("which differs from beers/beers.toml and was edited in place");
    assert_eq!(workshop.read("plugins/beers.toml"), in_place);
    assert!(builds() >= before);
    process.signal(rustix::process::Signal::INT);
    assert!(process.wait().status.success());
}

#[test]
fn watch_does_not_build_for_a_changed_configuration() {
    let workshop = Workshop::new()
        .with("beers/app.py", "")
        .with("beers/beers.toml", OLD)
        .with_tool(
            "tools/componentize-py",
            &format!(
                "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\n{}",
                copies(guests::ECHOES_STATE)
            ),
        );
    let builds = || {
        let calls = workshop.calls();
        let builds = calls
            .iter()
            .filter(|call| call.contains(" componentize app "));
        builds.count()
    };
    let process = Process::start(&mut workshop.command("build", &["beers", "--watch"]));
    process.stdout().wait_for_text("watching");
    workshop.write("beers/beers.toml", new());
    until("the new one is installed", || {
        workshop.read("plugins/beers.toml") == new()
    });
    process
        .stdout()
        .wait_for_text("unchanged ./plugins/beers.wasm");
    assert_eq!(builds(), 1);
    workshop.write("beers/app.py", "changed");
    until("it is built again", || builds() == 2);
}

#[test]
fn configuration_of_unknown_origin_is_not_replaced_by_a_watch() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE)
        .with("beers/beers.toml", new())
        .with("plugins/beers.toml", OLD);
    let process = Process::start(&mut workshop.command("build", &["beers", "--watch"]));
    process
        .stderr()
        .wait_for_text("may have been edited in place");
    process.stdout().wait_for_text("watching");
    assert_eq!(workshop.read("plugins/beers.toml"), OLD);
}
