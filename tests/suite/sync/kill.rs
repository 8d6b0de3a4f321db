//! Syncs that are ended at any point: the next one continues from the last whole page.

use super::{KEY, beers, desk};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use weld_host::demo::{DemoConfig, Table};
use weld_host_tests::demo_api::{Api, unlimited};
use weld_host_tests::desk::Desk;
use weld_host_tests::paged::{TwoPages, paged, state};
use weld_host_tests::tables::{assert_synced, rows, states};
use weld_host_tests::upstream::Upstream;

/// Enough pages that every kill comes before the end, and few enough that kills hit most tables.
const SCALE: u32 = 6;

/// How many pages of unfinished tables are let through before each kill.
const PAGES: [usize; 7] = [1, 5, 3, 8, 2, 6, 4];

/// The pages of the table without a key: several times as many as the kills let through, since kills may come late.
const KEYLESS_PAGES: usize = 600;

/// The tables in the events of this kind.
fn tables_of(lines: &[String], kind: &str) -> Vec<String> {
    lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|event| event["event"] == kind)
        .filter_map(|event| event["table"].as_str().map(str::to_owned))
        .collect()
}

/// Kills a sync after some pages of tables that no earlier run has `finished`. Finished tables don't count: each run
/// reads them again, and their pages would keep the kills from the tables after them. Every other kill also waits
/// until `growing`, which the sync writes to, has grown: it then comes while a page is being stored.
fn kill(
    desk: &Desk,
    arguments: &[&str],
    kill: usize,
    growing: &Path,
    finished: &mut BTreeSet<String>,
) {
    let sync = desk.start(arguments);
    let wanted = PAGES[kill % PAGES.len()];
    let in_time = sync.stdout().wait_until(|lines| {
        let pages = tables_of(lines, "page");
        let counted = pages.iter().filter(|table| !finished.contains(*table));
        counted.count() >= wanted
    });
    assert!(
        in_time,
        "kill {kill}: {}\n{}",
        sync.stdout().end(),
        sync.stderr().end()
    );
    if kill % 2 == 1 {
        let length = || fs::metadata(growing).map_or(0, |file| file.len());
        let before = length();
        while length() <= before && !sync.stdout().end_within(Duration::ZERO) {
            thread::yield_now();
        }
    }
    sync.signal(Signal::KILL);
    let ended = sync.wait();
    assert_eq!(
        ended.status.signal(),
        Some(Signal::KILL.as_raw()),
        "kill {kill}: {ended:?}"
    );
    finished.extend(tables_of(&ended.stdout, "table-done"));
}

/// An API with this many times as many rows as usual.
fn api(scale: u32) -> Api {
    Api::start(DemoConfig {
        scale,
        ..unlimited()
    })
}

/// Starts a sync again and again, and kills each. Returns the tables that were completed. `growing` is the file,
/// relative to the desk, that a commit writes to.
fn kill_often(desk: &Desk, arguments: &[&str], times: usize, growing: &str) -> BTreeSet<String> {
    let growing = desk.path(growing);
    let mut finished = BTreeSet::new();
    for number in 0..times {
        kill(desk, arguments, number, &growing, &mut finished);
    }
    finished
}

#[test]
fn sync_killed_twenty_times_loses_and_duplicates_nothing() {
    let api = api(SCALE);
    let (_host, url) = beers(&api);
    let desk = desk();
    let sync = [
        url.as_str(),
        "--key",
        KEY,
        "--to",
        "killed.sqlite",
        "--json",
    ];
    let finished = kill_often(&desk, &sync, 20, "killed.sqlite-wal");
    assert!(
        (2..Table::ALL.len()).contains(&finished.len()),
        "kills should reach several tables: {finished:?}"
    );
    desk.good(&sync);
    desk.good(&[&url, "--key", KEY, "--to", "whole.sqlite", "--quiet"]);

    let killed = desk.database("killed.sqlite");
    let whole = desk.database("whole.sqlite");
    for table in Table::ALL {
        let name = table.name();
        assert!(
            rows(&killed, name, "id") == rows(&whole, name, "id"),
            "{name} is another"
        );
        assert_synced(&killed, table, SCALE);
    }
    assert_eq!(states(&killed), states(&whole));
}

/// A connector of [`KEYLESS_PAGES`] pages with two rows each, numbered from 0. Without a key, a repeated page leaves
/// its rows twice, so that rows stored before their state are noticed, too.
fn keyless() -> Upstream {
    let pages: Vec<_> = (0..KEYLESS_PAGES)
        .map(|page| json!([{"n": 2 * page}, {"n": 2 * page + 1}]).to_string())
        .collect();
    let pages: Vec<_> = pages.iter().map(String::as_bytes).collect();
    paged(r#"{"schema": {"rows": {}}}"#, &pages)
}

/// Checks that each row of the first `pages` exists once, with the state after them.
fn assert_keyless(desk: &Desk, to: &str, pages: usize) {
    let numbers = desk.numbers(to, "n");
    let first_other = (0..).zip(&numbers).find(|(place, number)| place != *number);
    assert_eq!(first_other, None, "{to}: of {} rows", numbers.len());
    assert_eq!(numbers.len(), 2 * pages, "{to}");
    let shown = desk.good(&["state", "show", to]).stdout;
    assert_eq!(shown, [format!("rows\t{}", state(pages))], "{to}");
}

#[test]
fn rows_without_a_key_exist_once_after_twenty_kills() {
    let server = keyless();
    let url = server.origin();
    let desk = desk();
    let sync = [url.as_str(), "--to", "killed.sqlite", "--json"];
    let finished = kill_often(&desk, &sync, 20, "killed.sqlite-wal");
    assert!(finished.is_empty(), "every kill should come before the end");
    desk.good(&sync);
    assert_keyless(&desk, "killed.sqlite", KEYLESS_PAGES);
}

#[test]
fn sync_interrupted_between_pages_keeps_whole_ones_and_continues() {
    let server = keyless();
    let url = server.origin();
    for to in ["rows.sqlite", "rows/"] {
        let desk = desk();
        let arguments = [url.as_str(), "--to", to, "--json"];
        let sync = desk.start(&arguments);
        sync.stdout()
            .wait_for("the third page", |line| line.contains("\"page\":3,"));
        sync.signal(Signal::INT);
        let ended = sync.wait();
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        let [line] = ended.stderr.as_slice() else {
            panic!("one line: {ended:?}");
        };
        assert!(
            line.contains("to continue from the last complete page"),
            "{line}"
        );
        let kept = tables_of(&ended.stdout, "page").len();
        assert!((3..KEYLESS_PAGES).contains(&kept), "{to}: {kept} pages");
        assert_keyless(&desk, to, kept);
        desk.good(&arguments);
        assert_keyless(&desk, to, KEYLESS_PAGES);
    }
}

#[test]
fn lines_of_a_killed_sync_equal_those_of_an_uninterrupted_one() {
    let api = api(10);
    let (_host, url) = beers(&api);
    let desk = desk();
    let sync = [
        url.as_str(),
        "--key",
        KEY,
        "--table",
        "orders",
        "--to",
        "killed/",
        "--json",
    ];
    let finished = kill_often(&desk, &sync, 8, "killed/orders.jsonl");
    assert!(finished.is_empty(), "every kill should come before the end");
    desk.good(&sync);
    desk.good(&[
        &url, "--key", KEY, "--table", "orders", "--to", "whole/", "--quiet",
    ]);
    let read = |folder: &str| fs::read_to_string(desk.path(folder).join("orders.jsonl")).unwrap();
    let (killed, whole) = (read("killed"), read("whole"));
    assert_eq!(whole.lines().count() as u64, Table::Orders.count(10));
    assert!(killed == whole, "{} lines", killed.lines().count());
}

#[test]
fn sync_interrupted_while_waiting_keeps_its_pages_and_continues() {
    for (holds, signal) in [
        (false, Signal::INT),
        (true, Signal::INT),
        (true, Signal::TERM),
    ] {
        let connector = TwoPages::start(holds);
        let url = connector.upstream.origin();
        let desk = desk();
        let sync = desk.start(&[&url, "--to", "rows.sqlite", "--json"]);
        connector.asked.pass("the request for the second page");
        if !holds {
            sync.stdout()
                .wait_for("a wait", |line| line.contains("\"waiting\""));
        }
        sync.signal(signal);
        let ended = sync.wait();
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        let [line] = ended.stderr.as_slice() else {
            panic!("one line: {ended:?}");
        };
        assert!(line.contains("signal"), "{line}");
        let assert_kept = |pages: usize| {
            let database = desk.database("rows.sqlite");
            let kept = rows(&database, "rows", "id").rows.len();
            assert_eq!(kept, pages, "holds: {holds}");
            let state = format!("{{\"page\":{pages}}}");
            assert_eq!(states(&database), [("rows".to_owned(), state)]);
        };
        assert_kept(1);

        connector.ready.store(true, Ordering::SeqCst);
        desk.good(&[&url, "--to", "rows.sqlite", "--quiet"]);
        assert_kept(2);
    }
}

#[test]
fn destination_of_a_running_sync_is_refused_to_another() {
    let connector = TwoPages::start(true);
    let url = connector.upstream.origin();
    let desk = desk();
    for to in ["rows.sqlite", "rows/"] {
        let sync = desk.start(&[&url, "--to", to, "--json"]);
        sync.stdout()
            .wait_for("a page", |line| line.contains("\"page\""));
        let line = desk.mistake(&[&url, "--to", to]);
        assert!(line.contains(to.trim_end_matches('/')), "{line}");
        let state = desk.run(&["state", "set", to, "rows", "{}"]);
        assert_eq!(state.status.code(), Some(1), "{state:?}");
        sync.signal(Signal::INT);
        assert_eq!(sync.wait().status.code(), Some(1));
        let shown = desk.good(&["state", "show", to]).stdout;
        assert_eq!(shown, ["rows\t{\"page\":1}"], "{to}");
    }
}
