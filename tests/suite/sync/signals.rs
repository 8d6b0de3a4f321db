//! Syncs that are asked to stop: while nobody reads the rows, and before the connector is compiled.

use super::desk;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::fs;
use std::process::Stdio;
use std::time::Duration;
use weld_host_tests::component;
use weld_host_tests::lines::Lines;
use weld_host_tests::paged::paged;
use weld_host_tests::process::{Process, children};
use weld_host_tests::until;

/// A pipe that is full and never read: the rows can't be written, and the first signal waits until they are.
#[test]
fn second_signal_ends_a_sync_that_cannot_finish() {
    let page = json!([{"filler": "malt ".repeat(100_000)}]).to_string();
    let server = paged(
        r#"{"schema": {"rows": {}}}"#,
        &[page.as_bytes(), page.as_bytes()],
    );
    let desk = desk();
    let mut sync = desk
        .command(&[&server.origin(), "--to", "-", "--quiet"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let stderr = Lines::capture(sync.stderr.take().expect("a pipe"));
    // The requests for the schema and both pages: by then the first page is being written.
    until("the second page is requested", || {
        server.received().len() >= 3
    });
    // Repeatedly, since two signals that arrive at once count as one.
    until("the sync ends", || {
        let has_ended = stderr.end_within(Duration::from_millis(50));
        if !has_ended {
            kill_process(Pid::from_child(&sync), Signal::INT).expect("it runs");
        }
        has_ended
    });
    assert_eq!(sync.wait().expect("it ends").code(), Some(1));
    assert!(
        stderr.end().contains("stopped by a signal"),
        "{}",
        stderr.end()
    );
}

/// Compiling may take minutes, as it would here.
#[test]
fn sync_that_still_compiles_its_connector_ends_at_once() {
    let desk = desk();
    fs::write(desk.path("slow.wasm"), component::slow()).unwrap();
    let mut command = desk.command(&["slow.wasm", "--to", "rows.sqlite"]);
    let sync = Process::start(command.env("XDG_CACHE_HOME", desk.path("cache")));
    until("it is compiled", || !children(sync.id()).is_empty());
    sync.signal(Signal::INT);
    let ended = sync.wait();
    assert_eq!(
        ended.stderr.last().map(String::as_str),
        Some("weld-host: stopped by a signal before the sync began"),
        "{ended:?}"
    );
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(!desk.path("rows.sqlite").exists());
}
