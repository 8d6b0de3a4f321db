//! `build --watch`, and signals.

use super::super::workshop::Workshop;
use crate::guests;
use std::fs;
use weld_host_tests::process::Process;
use weld_host_tests::until;

#[test]
fn watch_builds_again_when_a_source_changes_until_a_signal() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE).with("beers/src/lib.rs", "one");
    let message = fs::read_to_string(workshop.at("tools/cargo")).unwrap();
    // Fails while a source contains `broken`.
    let workshop = workshop.with(
        "tools/cargo",
        message.replace(
            "\necho '{",
            "\n! grep -q broken src/lib.rs || exit 101\necho '{",
        ),
    );
    let builds = || {
        workshop
            .calls()
            .iter()
            .filter(|call| call.starts_with("cargo"))
            .count()
    };
    let process = Process::start(&mut workshop.command("build", &["beers", "--watch"]));
    let waits = |times: usize| {
        process.stdout().wait_until(|lines| {
            lines
                .iter()
                .filter(|line| line.starts_with("watching"))
                .count()
                >= times
        })
    };
    assert!(waits(1));
    assert!(workshop.has_installed(guests::ECHOES_STATE));
    fs::write(workshop.at("beers/src/lib.rs"), "broken").unwrap();
    assert!(waits(2), "it continues after a failure");
    process.stderr().wait_for_text("failed (exit status: 101)");
    fs::remove_file(workshop.at("plugins/beers.wasm")).unwrap();
    fs::create_dir(workshop.at("beers/src/deep")).unwrap();
    fs::write(workshop.at("beers/src/lib.rs"), "fixed").unwrap();
    until("the component exists again", || {
        workshop.has_installed(guests::ECHOES_STATE)
    });
    assert!(waits(3));
    assert!(builds() >= 3, "{:?}", workshop.calls());
    process.signal(rustix::process::Signal::INT);
    assert!(process.wait().status.success());
}
