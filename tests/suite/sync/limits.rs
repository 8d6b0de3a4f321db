//! `--limit` and `--pages`: syncs that stop early and continue later.

use super::desk;
use serde_json::{Value, json};
use weld_host_tests::paged::{paged, state};
use weld_host_tests::tables::states;
use weld_host_tests::upstream::Upstream;

const PAGES: usize = 4;

/// A connector with four pages of two rows.
fn connector() -> Upstream {
    let pages: Vec<String> = (0..PAGES)
        .map(|page| json!([{"id": page * 2}, {"id": page * 2 + 1}]).to_string())
        .collect();
    let pages: Vec<&[u8]> = pages.iter().map(String::as_bytes).collect();
    paged(r#"{"schema": {"rows": {"primary_key": "id"}}}"#, &pages)
}

fn ids(pages: usize) -> Vec<i64> {
    (0..pages as i64 * 2).collect()
}

#[test]
fn sync_stops_after_whole_pages_and_the_same_command_continues() {
    let connector = connector();
    let url = connector.origin();
    for (flags, stopped) in [
        (["--limit", "3"], "--limit 3"),
        (["--pages", "2"], "--pages 2"),
    ] {
        for to in ["rows.sqlite", "rows/"] {
            let desk = desk();
            let sync = [&[url.as_str(), "--to", to], &flags[..]].concat();
            let ended = desk.good(&sync);
            let text = ended.stderr.join("\n");
            assert_eq!(desk.numbers(to, "id"), ids(2), "{to}: {text}");
            let done = format!("rows: stopped at {stopped}, 4 rows");
            assert!(text.contains(&done), "{to}: {text}");
            let last = format!("rows stopped at {stopped}; run the same command to continue");
            assert_eq!(ended.stderr.last(), Some(&last), "{to}");

            let ended = desk.good(&sync);
            let text = ended.stderr.join("\n");
            assert_eq!(desk.numbers(to, "id"), ids(PAGES), "{to}: {text}");
            assert!(!text.contains("stopped"), "{to}: {text}");
        }
    }
}

#[test]
fn limit_of_a_full_sync_says_that_the_next_one_continues_without_it() {
    let connector = connector();
    let desk = desk();
    let sync = [&connector.origin(), "--to", "rows.sqlite", "--limit", "1"];
    desk.good(&sync);
    let ended = desk.good(&[&sync[..], &["--full"]].concat());
    let last = ended.stderr.last().expect("a line");
    assert!(
        last.ends_with("; run the same command without --full to continue"),
        "{last}"
    );
    assert_eq!(desk.numbers("rows.sqlite", "id"), ids(1));
    let database = desk.database("rows.sqlite");
    assert_eq!(states(&database), [("rows".to_owned(), state(1))]);
}

#[test]
fn limit_of_printed_rows_keeps_pages_whole() {
    let ended = desk().good(&[&connector().origin(), "--to", "-", "--limit", "1"]);
    assert_eq!(ended.stdout.len(), 2, "{ended:?}");
    let last = ended.stderr.last().expect("a line");
    assert_eq!(
        last,
        "rows stopped at --limit 1; the next sync starts from the beginning"
    );
}

#[test]
fn limit_is_in_the_events() {
    let sync = |flags: &[&str]| {
        let url = connector().origin();
        let all = [&[url.as_str(), "--to", "r.sqlite", "--json"], flags].concat();
        let ended = desk().good(&all);
        let events = ended.stdout.iter().map(|line| line.parse().expect("JSON"));
        events.collect::<Vec<Value>>()
    };
    let find = |events: &[Value], name: &str| {
        let mut events = events.iter().filter(|event| event["event"] == name);
        events.next().cloned().unwrap_or_default()
    };
    for (flags, limit) in [
        (["--limit", "5"], json!({"limit": 5})),
        (["--pages", "1"], json!({"pages": 1})),
    ] {
        let events = sync(&flags);
        assert_eq!(find(&events, "limit-reached")["limit"], limit);
        let done = find(&events, "table-done");
        assert_eq!((&done["limit"], &done["complete"]), (&limit, &json!(false)));
        let summary = find(&events, "summary");
        assert_eq!(
            (&summary["limited"], &summary["stopped"]),
            (&json!(["rows"]), &json!(false))
        );
    }
    let events = sync(&["--limit", "99999999999999999999", "--pages", "4"]);
    assert_eq!(find(&events, "limit-reached"), Value::Null);
    assert_eq!(find(&events, "table-done")["limit"], Value::Null);
    assert_eq!(find(&events, "summary")["limited"], json!([]));
}

#[test]
fn limits_that_are_not_numbers_from_one_are_refused() {
    for flag in ["--limit", "--pages"] {
        for (value, words) in [
            ("0", "must be at least 1"),
            ("", "not a whole number"),
            ("many", "not a whole number"),
            ("1.5", "not a whole number"),
        ] {
            let ended = desk().run(&["http://127.0.0.1:9/", flag, value]);
            assert_eq!(ended.status.code(), Some(1), "{flag} {value}: {ended:?}");
            let text = ended.stderr.join("\n");
            assert!(text.contains(words) && text.contains(flag), "{text}");
        }
    }
}
