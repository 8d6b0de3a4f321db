//! The summary of a sync as a table for people.

use std::collections::BTreeSet;

use crate::report;
use crate::sync::{Continuation, Summary, Upserts};

/// A size with a binary unit, such as `1.5 MiB`.
pub(super) fn size(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().iec().to_string()
}

/// A line for each table, and one for the total. The rows that replaced stored ones have a column if the destination
/// counts them. The titles fit 80 columns.
pub(in crate::cli) fn summary_lines(summary: &Summary) -> Vec<String> {
    let counts_updates = summary.upserts().is_some();
    let updated = |upserts: Option<Upserts>| {
        if counts_updates {
            format!(" {:>8}", upserts.unwrap_or_default().updated)
        } else {
            String::new()
        }
    };
    let title = if counts_updates { "  updated" } else { "" };
    let mut lines = vec![format!(
        "{:<20} {:>6} {:>9}{title} {:>10} {:>7}  slowest pages",
        "table", "pages", "rows", "size", "seconds"
    )];
    for table in &summary.tables {
        let slowest: Vec<String> = table
            .slowest
            .iter()
            .map(|page| format!("{} ({:.1} s)", page.number, page.took.as_secs_f64()))
            .collect();
        let name = report::shortened(&report::escaped(&table.table), 40);
        lines.push(format!(
            "{name:<20} {:>6} {:>9}{} {:>10} {:>7.1}  {}",
            table.pages,
            table.rows,
            updated(table.upserts),
            size(table.bytes),
            table.took.as_secs_f64(),
            slowest.join(", ")
        ));
    }
    lines.push(format!(
        "{:<20} {:>6} {:>9}{} {:>10} {:>7.1}",
        "total",
        summary.pages(),
        summary.rows(),
        updated(summary.upserts()),
        size(summary.bytes()),
        summary.took.as_secs_f64()
    ));
    lines
}

/// The number of warnings, which have scrolled away above the summary; `None` without any.
pub(in crate::cli) fn warnings_line(summary: &Summary) -> Option<String> {
    match summary.warnings() {
        0 => None,
        1 => Some("1 warning (above)".to_owned()),
        warnings => Some(format!("{warnings} warnings (above)")),
    }
}

/// The line about tables that stopped at a limit; `None` if all were read to their end.
pub(in crate::cli) fn limit_line(summary: &Summary, continuation: Continuation) -> Option<String> {
    let limited: Vec<_> = summary.limited().collect();
    let limits: BTreeSet<_> = limited.iter().map(|(_, limit)| limit.to_string()).collect();
    let limits = limits.into_iter().collect::<Vec<_>>().join(" or ");
    let tables = match limited.as_slice() {
        [] => return None,
        [(table, _)] => report::escaped(table),
        more => format!("{} tables", more.len()),
    };
    Some(format!("{tables} stopped at {limits}; {continuation}"))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;
    use crate::sync::{ReachedLimit, TableSummary};

    fn table(name: &str, upserts: Option<(u64, u64)>, limit: Option<ReachedLimit>) -> TableSummary {
        TableSummary {
            table: name.to_owned(),
            pages: 1,
            rows: 10,
            upserts: upserts.map(|(inserted, updated)| Upserts { inserted, updated }),
            limit,
            ..TableSummary::default()
        }
    }

    fn lines(tables: Vec<TableSummary>) -> Vec<String> {
        let summary = Summary {
            tables,
            ..Summary::default()
        };
        let lines = summary_lines(&summary);
        assert!(lines[0].len() <= 80, "{lines:?}");
        let words = |line: &String| line.split_whitespace().collect::<Vec<_>>().join(" ");
        lines.iter().map(words).collect()
    }

    #[test]
    fn updated_rows_have_a_column_if_they_are_counted() {
        assert_eq!(
            lines(vec![
                table("a", Some((7, 3)), None),
                table("b", Some((10, 0)), None)
            ]),
            [
                "table pages rows updated size seconds slowest pages",
                "a 1 10 3 0 B 0.0",
                "b 1 10 0 0 B 0.0",
                "total 2 20 3 0 B 0.0",
            ]
        );
        assert_eq!(
            lines(vec![table("a", None, None)]),
            [
                "table pages rows size seconds slowest pages",
                "a 1 10 0 B 0.0",
                "total 1 10 0 B 0.0",
            ]
        );
    }

    #[test]
    fn warnings_are_counted_at_the_end() {
        for (counts, expected) in [
            (&[0, 0][..], None),
            (&[1, 0], Some("1 warning (above)")),
            (&[1, 2], Some("3 warnings (above)")),
        ] {
            let tables = counts.iter().map(|warnings| TableSummary {
                warnings: *warnings,
                ..table("t", None, None)
            });
            let summary = Summary {
                tables: tables.collect(),
                ..Summary::default()
            };
            assert_eq!(warnings_line(&summary).as_deref(), expected);
        }
    }

    #[test]
    fn tables_that_stopped_at_a_limit_are_counted() {
        let limit = |number| NonZeroU64::new(number).unwrap();
        let rows = || Some(ReachedLimit::Rows(limit(100)));
        let pages = || Some(ReachedLimit::Pages(limit(2)));
        for (tables, expected) in [
            (vec![table("a", None, None)], None),
            (
                vec![table("a", None, None), table("b", None, rows())],
                Some("b stopped at --limit 100; run the same command to continue"),
            ),
            (
                vec![table("a", None, rows()), table("b", None, rows())],
                Some("2 tables stopped at --limit 100; run the same command to continue"),
            ),
            (
                vec![table("a", None, pages()), table("b", None, rows())],
                Some(
                    "2 tables stopped at --limit 100 or --pages 2; run the same command to continue",
                ),
            ),
        ] {
            let summary = Summary {
                tables,
                ..Summary::default()
            };
            let line = limit_line(&summary, Continuation::SameCommand);
            assert_eq!(line.as_deref(), expected);
        }
    }
}
