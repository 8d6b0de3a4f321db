//! Counts the new rows of a page.

use rusqlite::Connection;

use super::super::destination::Upserts;
use super::columns::Layout;
use super::names::quoted;

/// Counts inserted rows by the largest row ID: each new row gets the next one (sqlite.org/autoinc.html), and nothing
/// else changes the table within the page's transaction.
#[derive(Debug)]
pub(super) struct InsertCount {
    /// The largest row ID before the page; `None` if the table's row IDs can't be counted like this.
    before: Option<i64>,
}

impl InsertCount {
    pub(super) fn begin(connection: &Connection, layout: &Layout) -> Self {
        Self {
            // After the largest possible ID, SQLite chooses free ones at random.
            before: last_row_id(connection, layout).filter(|id| *id < i64::MAX),
        }
    }

    /// The numbers for a page of `rows`. If they can't be counted, all rows count as new.
    pub(super) fn end(self, connection: &Connection, layout: &Layout, rows: u64) -> Upserts {
        let inserted = self
            .before
            .zip(last_row_id(connection, layout))
            .and_then(|(before, after)| u64::try_from(after.checked_sub(before)?).ok())
            .map_or(rows, |inserted| inserted.min(rows));
        Upserts {
            inserted,
            updated: rows.saturating_sub(inserted),
        }
    }
}

/// 0 for an empty table. `None` if the query fails, as for a table that somebody made again without row IDs: a number
/// in the summary must not keep its rows from being stored.
fn last_row_id(connection: &Connection, layout: &Layout) -> Option<i64> {
    if layout.columns().is_empty() {
        return Some(0);
    }
    let sql = format!(
        "SELECT coalesce(max(rowid), 0) FROM {}",
        quoted(&layout.sql_table)
    );
    connection.query_row(&sql, [], |row| row.get(0)).ok()
}
