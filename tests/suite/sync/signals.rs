//! Syncs that are asked to stop: while nobody reads the rows, while a page is in progress, and before the connector is
//! compiled.

use super::desk;
use crate::{PROGRAM, guests};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use weld_host_tests::component;
use weld_host_tests::lines::Lines;
use weld_host_tests::paged::paged;
use weld_host_tests::process::{Process, children};
use weld_host_tests::until;
use weld_host_tests::upstream::Upstream;

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

/// An API that answers no page until it may.
struct SilentApi {
    api: Upstream,
    answers: Arc<AtomicBool>,
}

impl SilentApi {
    fn start() -> Self {
        let answers = Arc::new(AtomicBool::new(false));
        let told = answers.clone();
        let api = Upstream::start(move |_, exchange| {
            if told.load(Ordering::SeqCst) {
                exchange.answer(200, &[], "[]");
            } else {
                exchange.wait_for_close();
            }
        });
        Self { api, answers }
    }

    /// The configuration of a connector that calls it.
    fn config(&self) -> String {
        let origin = self.api.origin();
        format!(
            "[env]\nAPI = \"{origin}\"\n[network]\nallow = [\"{origin}\"]\nallow-networks = [\"127.0.0.0/8\"]\n"
        )
    }
}

/// A page in progress is dropped: it may take hours, and the next sync requests it again.
#[test]
fn page_in_progress_does_not_keep_a_command_from_ending() {
    for (command, last_line) in [
        (
            "sync",
            "weld-host: stopped by a signal; run the same command to continue from the last complete page",
        ),
        ("check", "weld-host: stopped by a signal"),
    ] {
        let silent = SilentApi::start();
        let desk = desk();
        fs::copy(guests::FAILS_IN_EVERY_TABLE, desk.path("shop.wasm")).unwrap();
        fs::write(desk.path("shop.toml"), silent.config()).unwrap();
        let start = || {
            let mut program = Command::new(PROGRAM);
            program
                .args([command, "shop.wasm"])
                .env_clear()
                .env("WELD_CACHE", crate::cache_folder())
                .current_dir(desk.path("."));
            Process::start(&mut program)
        };
        let process = start();
        until("the page is in progress", || {
            !silent.api.received().is_empty()
        });
        process.signal(Signal::INT);
        let ended = process.wait();
        assert_eq!(ended.status.code(), Some(1), "{command}: {ended:?}");
        let last = ended.stderr.last().map(String::as_str);
        assert_eq!(last, Some(last_line), "{ended:?}");
        let panics = ended.stderr.iter().any(|line| line.contains("panicked"));
        assert!(!panics, "{ended:?}");
        // The same command succeeds once the API answers.
        silent.answers.store(true, Ordering::SeqCst);
        let ended = start().wait();
        let text = ended.stdout.join("\n") + &ended.stderr.join("\n");
        assert_eq!(ended.status.code(), Some(0), "{text}");
    }
}
