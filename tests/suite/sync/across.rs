//! What a sync remembers from the previous one, in addition to rows and states.

use super::desk;
use crate::guests;
use std::fs;
use weld_host_tests::paged::paged;

const SCHEMA: &str = r#"{"schema": {"rows": {"primary_key": ["id"]}}}"#;

const FIRST: &[u8] = br#"[{"id": 1, "size": 1, "note": null}]"#;

#[test]
fn column_with_another_type_than_in_an_earlier_sync_is_reported() {
    for to in ["rows.sqlite", "rows/"] {
        for (second, other) in [
            (r#"[{"id": 2, "size": "large"}]"#, Some("size")),
            (r#"[{"id": 2, "size": [1]}]"#, Some("size")),
            (r#"[{"id": 2, "size": 2.5, "note": "new"}]"#, None),
            (r#"[{"id": 2, "size": null}]"#, None),
            (r#"[{"id": 2}]"#, None),
        ] {
            let desk = desk();
            let first = paged(SCHEMA, &[FIRST]);
            desk.good(&[&first.origin(), "--to", to, "--strict", "--quiet"]);
            let second = paged(SCHEMA, &[FIRST, second.as_bytes()]);
            let url = second.origin();
            match other {
                None => {
                    desk.good(&[&url, "--to", to, "--strict", "--quiet"]);
                }
                Some(column) => {
                    let line = desk.mistake(&[&url, "--to", to, "--strict"]);
                    assert!(line.contains(column) && line.contains("a number"), "{line}");
                    let events = desk.good(&[&url, "--to", to, "--json"]).stdout;
                    let warnings = events.iter().filter(|line| line.contains("\"warning\""));
                    assert_eq!(warnings.count(), 1, "{to}: {events:?}");
                    // A table that is read again has only the new rows' types, or both within one sync.
                    let line = desk.mistake(&[&url, "--to", to, "--strict", "--full"]);
                    assert!(line.contains("page 2"), "{line}");
                }
            }
        }
    }
}

#[test]
fn variable_that_changed_since_the_state_was_written_is_reported_once() {
    let desk = desk();
    fs::copy(guests::ECHOES_STATE, desk.path("echo.wasm")).unwrap();
    fs::write(desk.path("key"), "one").unwrap();
    let sync = |env: &str, more: &[&str]| {
        let toml = format!("[env]\nKEY = {{ file = \"key\" }}\n{env}");
        fs::write(desk.path("echo.toml"), toml).unwrap();
        let arguments = [&["echo.wasm", "--to", "rows.sqlite", "--json"], more].concat();
        let events = desk.good(&arguments).stdout;
        let warnings = events
            .into_iter()
            .filter(|line| line.contains("the connector's variables"));
        warnings.collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(sync("SINCE = '2026-01-01'", &[]), none);
    assert_eq!(sync("SINCE = '2026-01-01'", &[]), none, "nothing changed");
    fs::write(desk.path("key"), "two").unwrap();
    assert_eq!(
        sync("SINCE = '2026-01-01'", &[]),
        none,
        "a secret was rotated"
    );
    let warnings = sync("SINCE = '2025-01-01'", &[]);
    let [warning] = warnings.as_slice() else {
        panic!("one: {warnings:?}");
    };
    assert!(
        warning.contains("SINCE") && warning.contains("--full"),
        "{warning}"
    );
    assert!(
        !warning.contains("KEY") && !warning.contains("2025"),
        "{warning}"
    );
    assert_eq!(
        sync("SINCE = '2025-01-01'", &[]),
        none,
        "it was reported before"
    );
    assert_eq!(
        sync("SINCE = '2024-01-01'", &["--full"]),
        none,
        "read again"
    );
    assert_eq!(sync("SINCE = '2024-01-01'", &[]), none);
    assert_eq!(sync("OTHER = 'a'", &[]).len(), 1, "one came, one went");
}

#[test]
fn strict_sync_fails_for_changed_variables_until_the_table_is_read_again() {
    for to in ["rows.sqlite", "rows/"] {
        let desk = desk();
        fs::copy(guests::DESCRIBES_ITS_TABLES, desk.path("tables.wasm")).unwrap();
        let set = |since: &str| {
            let toml = format!("[env]\nSINCE = '{since}'\nOTHER = 'a'\n");
            fs::write(desk.path("tables.toml"), toml).unwrap();
        };
        let arguments = ["tables.wasm", "--to", to];
        let strict = [&arguments[..], &["--strict"]].concat();
        set("2026");
        desk.good(&strict);
        desk.good(&strict);
        set("2025");
        let fails = || {
            let line = desk.mistake(&strict);
            assert!(line.contains("SINCE") && line.contains("--full"), "{line}");
            assert!(!line.contains("OTHER"), "{line}");
        };
        fails();
        fails();
        // Neither a sync that reports it nor the previous value changes the existing rows.
        desk.good(&arguments);
        fails();
        set("2026");
        desk.good(&arguments);
        fails();
        desk.good(&[&strict[..], &["--full"]].concat());
        desk.good(&strict);
    }
}
