//! A build that a signal or a full disk ends: nothing half-written stays, and nothing goes on running.

use super::super::workshop::Workshop;
use super::{assert_fails, copies};
use crate::guests;
use rustix::process::Signal;
use std::fs;
use weld_host_tests::component;
use weld_host_tests::process::{Process, children};
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
fn signal_ends_the_compiler_and_installs_nothing() {
    let workshop = Workshop::of_rust("slow.wasm")
        .with(
            "slow.wasm",
            component::slowed(&fs::read(guests::ECHOES_STATE).unwrap()),
        )
        .with("plugins/beers.wasm", "the previous one");
    let mut command = workshop.command("build", &["beers"]);
    let process = Process::start(command.env("WELD_CACHE", workshop.at("cache")));
    let compiler = || {
        let is_compiler = |id: &u32| {
            let words = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&words).ends_with("\0__compiler\0")
        };
        children(process.id()).into_iter().find(is_compiler)
    };
    until("it is compiled", || compiler().is_some());
    let compiler = compiler().expect("it runs").to_string();
    process.signal(Signal::INT);
    assert_fails(&process.wait(), &["stopped by a signal"]);
    until("the compiler has ended", || has_ended(&compiler));
    assert_eq!(workshop.read("plugins/beers.wasm"), "the previous one");
    let files = fs::read_dir(workshop.at("plugins")).unwrap();
    assert_eq!(files.count(), 1);
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

/// A folder of each language, with tools that make this component.
fn in_each_language(component: &str) -> [(&'static str, Workshop); 3] {
    // A link needs no room.
    let link = |path: &str| format!("ln -sf '{component}' {path}");
    let python = format!(
        "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\n{}",
        copies(component).replace("cp ", "ln -sf ")
    );
    let npm = format!("mkdir -p dist; {}", link("dist/beers.wasm"));
    [
        (
            "python",
            Workshop::new()
                .with("beers/app.py", "")
                .with_tool("tools/componentize-py", &python),
        ),
        (
            "javascript",
            Workshop::new()
                .with("beers/package.json", super::NODE_MANIFEST)
                .with("beers/node_modules/x", "")
                .with_tool("tools/node", "echo v20.1.0")
                .with_tool("tools/npm", &npm),
        ),
        ("rust", Workshop::of_rust(component)),
    ]
}

/// C has no script for zig that makes a module; its component is installed by the same code.
#[test]
fn full_disk_leaves_the_old_component_and_no_other_file() {
    for (language, workshop) in in_each_language(guests::ECHOES_STATE) {
        let workshop = workshop.with("beers/beers.toml", "[env]\nA = \"new\"\n");
        let ended = workshop.build(&["beers"]);
        assert!(ended.status.success(), "{language}: {ended:?}");
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
            .env("WELD_CACHE", crate::cache_folder())
            .current_dir(workshop.at("."));
        let ended = Process::start(&mut limited).wait();
        assert_fails(&ended, &["./plugins/beers.wasm", "File too large"]);
        assert_eq!(files(), before, "{language}");
        assert_eq!(workshop.read("plugins/beers.wasm"), "the previous one");
        // With room, the same command succeeds.
        assert!(workshop.build(&["beers"]).status.success(), "{language}");
        assert!(workshop.has_installed(guests::ECHOES_STATE), "{language}");
    }
}

/// What the tools of each language print when the disk is full, and how they end.
#[test]
fn full_disk_of_a_tool_is_the_cause_and_the_old_component_stays() {
    let version = "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\n";
    let zig = "[ \"$1\" = version ] && exit\n";
    let [(_, python), (_, javascript), (_, rust)] = in_each_language(guests::ECHOES_STATE);
    let c = || Workshop::new().with("beers/beers.c", "");
    for (workshop, tool, script) in [
        (
            python.with("beers/dist/beers.wasm", "the previous one"),
            "componentize-py",
            format!("{version}echo 'OSError: [Errno 28] No space left on device' >&2; exit 1"),
        ),
        (
            javascript,
            "npm",
            "echo \"Error: ENOSPC: no space left on device, write\" >&2; exit 1".to_owned(),
        ),
        (
            rust,
            "cargo",
            "echo 'error: failed to write /t/x.rmeta: No space left on device (os error 28)' >&2; exit 101".to_owned(),
        ),
        (
            c(),
            "zig",
            format!("{zig}echo 'LLVM ERROR: IO failure on output stream: No space left on device' >&2; kill -ABRT $$"),
        ),
        (
            c(),
            "zig",
            format!("{zig}echo 'error: unable to build libc: NoSpaceLeft' >&2; exit 1"),
        ),
    ] {
        let workshop = workshop
            .with("plugins/beers.wasm", "the previous one")
            .with_tool(&format!("tools/{tool}"), &script);
        let ended = workshop.build(&["beers"]);
        let last = ended.stderr.last().expect("a word");
        assert!(last.starts_with("weld-host: `"), "{ended:?}");
        assert_fails(
            &ended,
            &[tool, "failed: no space is left on", "run the same command again"],
        );
        assert_eq!(workshop.read("plugins/beers.wasm"), "the previous one");
        let files = fs::read_dir(workshop.at("plugins")).unwrap();
        assert_eq!(files.count(), 1, "{tool}");
    }
}
