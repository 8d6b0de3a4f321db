//! A build that a signal or a full disk ends: nothing half-written stays, and nothing goes on running.

use super::super::workshop::Workshop;
use super::{assert_fails, copies};
use crate::guests;
use rustix::process::Signal;
use std::fs;
use weld_host_tests::process::Process;
use weld_host_tests::until;

/// Whether a process has ended, except for its exit status.
fn has_ended(id: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    state.is_empty() || state.contains(") Z ")
}

#[test]
fn signal_ends_a_tool_with_everything_that_it_has_started() {
    for (command, signal) in [
        ("build", Signal::INT),
        ("build", Signal::TERM),
        ("build", Signal::HUP),
        ("check", Signal::INT),
        ("sync", Signal::INT),
    ] {
        // As npm does: a shell that starts a shell that starts the work, which ignores the polite signals.
        let npm = "sh -c 'trap \"\" INT TERM HUP; sh -c \"echo \\$\\$ >> ../calls; exec sleep 600\"; :' & \
                   echo $$ >> ../calls; wait";
        let workshop = Workshop::new()
            .with("beers/package.json", super::NODE_MANIFEST)
            .with("beers/node_modules/x", "")
            .with("plugins/beers.wasm", "the previous one")
            .with_tool("tools/node", "echo v20.1.0")
            .with_tool("tools/npm", npm);
        let process = Process::start(&mut workshop.command(command, &["beers"]));
        let ids = || {
            let calls = workshop.calls();
            let ids = calls.into_iter().filter(|call| call.parse::<u32>().is_ok());
            ids.collect::<Vec<_>>()
        };
        until("both run", || ids().len() == 2);
        process.signal(signal);
        let ended = process.wait();
        assert_fails(&ended, &["stopped by a signal"]);
        // In its own process group, a tool doesn't get the terminal's signals.
        for id in ids() {
            until("the processes have ended", || has_ended(&id));
        }
        assert_eq!(workshop.read("plugins/beers.wasm"), "the previous one");
    }
}

#[test]
fn component_that_was_written_in_part_is_removed() {
    let script = |end: &str| {
        format!(
            "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\n\
             for last in \"$@\"; do :; done; echo half > \"$last\"; echo written >> ../calls; {end}"
        )
    };
    let workshop = Workshop::new()
        .with("beers/app.py", "")
        .with_tool("tools/componentize-py", &script("exit 1"));
    assert_fails(&workshop.build(&["beers"]), &["failed (exit status: 1)"]);
    assert!(!workshop.at("beers/dist/beers.wasm").exists());

    workshop.tool("tools/componentize-py", &script("exec sleep 600"));
    let written = || {
        let calls = workshop.calls();
        calls.iter().filter(|call| *call == "written").count()
    };
    let process = Process::start(&mut workshop.command("build", &["beers"]));
    until("a part is written", || written() == 2);
    process.signal(Signal::INT);
    assert_fails(&process.wait(), &["stopped by a signal"]);
    assert!(!workshop.at("beers/dist/beers.wasm").exists());
    assert!(!workshop.at("plugins").exists());
}

#[test]
fn full_disk_leaves_the_old_component_and_no_other_file() {
    let workshop = Workshop::new()
        .with("beers/app.py", "")
        .with("beers/beers.toml", "[env]\nA = \"new\"\n")
        .with_tool(
            "tools/componentize-py",
            &format!(
                "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\n{}",
                // A link needs no room.
                copies(guests::ECHOES_STATE).replace("cp ", "ln -sf ")
            ),
        );
    let ended = workshop.build(&["beers"]);
    assert!(ended.status.success(), "{ended:?}");
    workshop.write("plugins/beers.wasm", "the previous one");
    let files = || {
        let entries = fs::read_dir(workshop.at("plugins")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = files();
    // The system refuses to write more than 4 KiB into a file, as it would with a full disk.
    let mut limited = std::process::Command::new("/bin/sh");
    limited
        .args(["-c", "ulimit -f 8; exec \"$0\" build beers", crate::PROGRAM])
        .env_clear()
        .env("PATH", workshop.at("tools"))
        .current_dir(workshop.at("."));
    let ended = Process::start(&mut limited).wait();
    assert_fails(&ended, &["./plugins/beers.wasm", "File too large"]);
    assert_eq!(files(), before);
    assert_eq!(workshop.read("plugins/beers.wasm"), "the previous one");
    // With room, the same command succeeds.
    assert!(workshop.build(&["beers"]).status.success());
    assert!(workshop.has_installed(guests::ECHOES_STATE));
}
