//! Syncs on a terminal: what is drawn while they run, and what remains.

use super::{KEY, beers, desk};
use rustix::process::Signal;
use serde_json::Value;
use std::sync::atomic::Ordering;
use weld_host::demo::Table;
use weld_host_tests::demo_api::{Api, unlimited};
use weld_host_tests::desk::Desk;
use weld_host_tests::paged::TwoPages;
use weld_host_tests::tables::rows;
use weld_host_tests::terminal::Terminal;

/// Fewer lines than the tables and their total together.
const HEIGHT: u16 = 4;
const WIDTH: u16 = 80;

fn start(desk: &Desk, arguments: &[&str]) -> Terminal {
    let mut command = desk.command(arguments);
    command.env("TERM", "xterm-256color");
    Terminal::start(command, HEIGHT, WIDTH)
}

/// The words of a line.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Whether a line belongs to this table, or to the total, and has these figures.
fn has_figures(line: &str, name: &str, pages: u64, rows: u64) -> bool {
    let (pages, rows) = (pages.to_string(), rows.to_string());
    words(line).windows(5).any(|words| {
        let [first, second, third, fourth, fifth] = words else {
            return false;
        };
        [*first, *third, *fifth] == [name, "pages", "rows"] && *second == pages && *fourth == rows
    })
}

#[test]
fn every_table_leaves_one_line_before_the_total_and_the_summary() {
    let api = Api::start(unlimited());
    let (_host, url) = beers(&api);
    let desk = desk();
    let left = start(&desk, &[&url, "--key", KEY]).wait();
    assert_eq!(left.status.code(), Some(0), "{left:?}");
    let shown = left.lines.join("\n");

    let blank = left.lines.iter().position(String::is_empty);
    let (bars, summary) = left.lines.split_at(blank.expect("a blank line"));
    assert_eq!(bars.len(), Table::ALL.len() + 1, "{shown}");
    assert!(
        words(&summary[1]).ends_with(&["slowest", "pages"]),
        "{shown}"
    );
    let pages_of = |line: &str| words(line)[1].parse::<u64>().expect("pages");
    for table in Table::ALL {
        let name = table.name();
        let summed = summary.iter().find(|line| line.starts_with(name));
        let summed = summed.expect(name);
        assert!(summed.contains(" s)"), "the times of pages: {summed}");
        let (pages, rows) = (pages_of(summed), table.count(1));
        let lines = bars.iter().filter(|line| line.contains(name));
        let lines: Vec<_> = lines.collect();
        assert!(
            lines.len() == 1 && has_figures(lines[0], name, pages, rows),
            "{name}: {shown}"
        );
        assert!(lines[0].contains(" rows/s "), "{name}: {shown}");
    }
    let pages = pages_of(
        summary
            .iter()
            .rfind(|line| line.starts_with("total"))
            .unwrap(),
    );
    let rows = Table::ALL.iter().map(|table| table.count(1)).sum();
    let total = bars.last().expect("a line");
    assert!(has_figures(total, "total", pages, rows), "{shown}");
}

#[test]
fn quiet_sync_writes_nothing_to_a_terminal() {
    let api = Api::start(unlimited());
    let (_host, url) = beers(&api);
    let desk = desk();
    let left = start(&desk, &[&url, "--key", KEY, "--quiet"]).wait();
    assert_eq!(left.status.code(), Some(0), "{left:?}");
    assert_eq!(left.written, "");
    assert_eq!(
        rows(&desk.database("beers.sqlite"), "beers", "id")
            .rows
            .len() as u64,
        Table::Beers.count(1)
    );
}

#[test]
fn wait_is_shown_with_the_figures_and_disappears_with_the_next_page() {
    let connector = TwoPages::start(false);
    let desk = desk();
    let sync = start(&desk, &[&connector.upstream.origin(), "--to", "r.sqlite"]);
    sync.wait_for("a wait", |line| {
        has_figures(line, "rows", 1, 1) && line.ends_with("rows waiting")
    });
    connector.ready.store(true, Ordering::SeqCst);
    let left = sync.wait();
    assert_eq!(left.status.code(), Some(0), "{left:?}");
    let bars: Vec<_> = left
        .lines
        .iter()
        .filter(|line| line.contains(" pages "))
        .take(2)
        .collect();
    assert!(
        has_figures(bars[0], "rows", 2, 2) && has_figures(bars[1], "total", 2, 2),
        "{left:?}"
    );
    assert!(
        !left.lines.iter().any(|line| line.contains("waiting")),
        "{left:?}"
    );
}

#[test]
fn interrupted_sync_leaves_its_figures_and_says_how_to_continue() {
    let connector = TwoPages::start(true);
    let desk = desk();
    let sync = start(&desk, &[&connector.upstream.origin(), "--to", "r.sqlite"]);
    connector.asked.pass("the request for the second page");
    sync.wait_for("the first page", |line| has_figures(line, "rows", 1, 1));
    sync.wait_for("the total", |line| has_figures(line, "total", 1, 1));
    sync.signal(Signal::INT);
    let left = sync.wait();
    assert_eq!(left.status.code(), Some(1), "{left:?}");
    assert!(has_figures(&left.lines[0], "rows", 1, 1), "{left:?}");
    let text = left.lines.concat();
    assert!(
        text.ends_with(
            "weld-host: stopped by a signal; run the same command to continue from the last complete page"
        ),
        "{left:?}"
    );
}

#[test]
fn terminal_without_a_cursor_gets_lines() {
    let connector = TwoPages::start(false);
    connector.ready.store(true, Ordering::SeqCst);
    let desk = desk();
    let mut command = desk.command(&[&connector.upstream.origin(), "--to", "r.sqlite"]);
    command.env("TERM", "dumb");
    let left = Terminal::start(command, HEIGHT, WIDTH).wait();
    assert_eq!(left.status.code(), Some(0), "{left:?}");
    assert!(!left.written.contains('\u{1b}'), "{left:?}");
    assert!(
        left.lines
            .iter()
            .any(|line| line == "rows: done, 2 rows (2 new, 0 updated)"),
        "{left:?}"
    );
}

#[test]
fn rows_on_a_terminal_are_not_drawn_over() {
    let connector = TwoPages::start(false);
    connector.ready.store(true, Ordering::SeqCst);
    let desk = desk();
    let left = start(&desk, &[&connector.upstream.origin(), "--to", "-"]).wait();
    assert_eq!(left.status.code(), Some(0), "{left:?}");
    assert!(!left.written.contains('\u{1b}'), "{left:?}");
    let ids: Vec<Value> = left
        .lines
        .iter()
        .filter_map(|line| line.parse::<Value>().ok())
        .map(|row| row["row"]["id"].clone())
        .collect();
    assert_eq!(ids, [1, 2], "{left:?}");
}
