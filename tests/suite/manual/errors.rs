//! The table of errors has every kind with its status.

use super::{cells, page, quoted, rows};
use std::collections::BTreeSet;
use weld_protocol::ErrorKind;

/// The statuses and kinds of a row: `| cause | 413, 431 | `body_too_large`, `headers_too_large` |`. A single status is that of
/// all kinds in the row.
fn errors(row: &str) -> Vec<(u16, String)> {
    let [_, _, statuses, kinds, _] = cells(row)[..] else {
        return Vec::new();
    };
    let statuses: Vec<u16> = statuses
        .split(", ")
        .filter_map(|status| status.parse().ok())
        .collect();
    let last = statuses.last().copied().unwrap_or(0);
    let status = |index: usize| statuses.get(index).copied().unwrap_or(last);
    let kinds = quoted(kinds).enumerate();
    kinds
        .map(|(index, kind)| (status(index), kind.to_owned()))
        .collect()
}

#[test]
fn table_of_errors_has_every_kind_with_its_status() {
    let text = page("docs/limits-and-errors.md");
    let documented: BTreeSet<_> = rows(&text, "| cause | status | kind |")
        .flat_map(errors)
        .collect();
    // Of a limit, which has its own table.
    let elsewhere = ["stuck_sync"];
    let known = ErrorKind::ALL
        .into_iter()
        .filter(|kind| !elsewhere.contains(&kind.as_str()));
    let known: BTreeSet<_> = known
        .map(|kind| (kind.status(), kind.as_str().to_owned()))
        .collect();
    assert_eq!(documented, known);
    assert!(text.contains("500 `stuck_sync`"));
}

#[test]
fn rows_are_read_as_they_are_written() {
    let expected = |errors: &[(u16, &str)]| -> Vec<(u16, String)> {
        errors
            .iter()
            .map(|(status, kind)| (*status, (*kind).to_owned()))
            .collect()
    };
    assert_eq!(
        errors("| x | 404 | `a`, `b` |"),
        expected(&[(404, "a"), (404, "b")])
    );
    assert_eq!(
        errors("| x | 413, 431 | `a`, `b` |"),
        expected(&[(413, "a"), (431, "b")])
    );
    assert_eq!(
        errors("| x | 503, `Retry-After` | `a` |"),
        expected(&[(503, "a")])
    );
}
