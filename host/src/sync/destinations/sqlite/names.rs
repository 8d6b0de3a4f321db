//! Names of tables and columns for SQL.

use std::collections::HashSet;

/// The prefix of the sync's own tables and indices. No table of a schema gets such a name.
pub(super) const OWN_PREFIX: &str = "_weld_";

/// The column for the kinds of a key's values. No row's column gets this name.
pub(super) const KEY_KINDS: &str = "_weld_key";

/// The prefix that SQLite reserves (sqlite.org/fileformat2.html, section 2.6).
const SQLITE_PREFIX: &str = "sqlite_";

/// The names of the row ID, which every table has (sqlite.org/rowidtable.html). SQLite refuses to add a column with
/// such a name, and one in a new table hides the row ID.
const ROW_IDS: [&str; 3] = ["rowid", "oid", "_rowid_"];

/// The names in use in a namespace: a table's columns, or a file's tables and indices.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// The names that the columns of any table can't have.
    pub(super) fn of_a_table() -> Self {
        Self(
            ROW_IDS
                .into_iter()
                .chain([KEY_KINDS])
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Adds a name that is in use.
    pub(super) fn insert(&mut self, name: &str) {
        self.0.insert(name.to_ascii_lowercase());
    }

    /// Frees a name.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(&name.to_ascii_lowercase());
    }

    /// Takes `wanted`, or if it is in use, the first free name of `wanted_2`, `wanted_3` and so on. Like SQLite, it
    /// ignores the case of ASCII letters.
    pub(super) fn take(&mut self, wanted: String) -> String {
        if self.0.insert(wanted.to_ascii_lowercase()) {
            return wanted;
        }
        let mut number = 2_usize;
        loop {
            let numbered = format!("{wanted}_{number}");
            if self.0.insert(numbered.to_ascii_lowercase()) {
                return numbered;
            }
            number = number.saturating_add(1);
        }
    }
}

/// The preferred SQL name of a column.
pub(super) fn column_name(name: &str) -> String {
    without_nul(name, "column")
}

/// The preferred SQL name of a table.
pub(super) fn table_name(name: &str) -> String {
    let name = without_nul(name, "table");
    let lower = name.to_ascii_lowercase();
    if lower.starts_with(SQLITE_PREFIX) || lower.starts_with(OWN_PREFIX) {
        format!("table_{name}")
    } else {
        name
    }
}

/// Quotes a name for SQL, which allows keywords, spaces and quotes in it (sqlite.org/lang_keywords.html).
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Replaces NULs, since SQL text ends at the first one. An empty name becomes `empty`.
fn without_nul(name: &str, empty: &str) -> String {
    if name.is_empty() {
        empty.to_owned()
    } else {
        name.replace('\0', "_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sql_treats_as_equal_are_numbered() {
        let mut names = Names::of_a_table();
        let cases = [
            ("RowId", "RowId_2"),
            ("Name", "Name"),
            ("name", "name_2"),
            ("NAME", "NAME_3"),
            ("name_2", "name_2_2"),
            ("", "column"),
            ("column", "column_2"),
            ("a\0b", "a_b"),
            ("a_b", "a_b_2"),
            ("Ä", "Ä"),
            ("ä", "ä"),
        ];
        for (name, taken) in cases {
            assert_eq!(names.take(column_name(name)), taken, "{name:?}");
        }
        names.remove("NAME");
        assert_eq!(names.take(column_name("nAme")), "nAme");
    }

    #[test]
    fn tables_avoid_reserved_names() {
        let cases = [
            ("orders", "orders"),
            ("sqlite_x", "table_sqlite_x"),
            ("SQLite_Sequence", "table_SQLite_Sequence"),
            ("_weld_state", "table__weld_state"),
            ("_WELD_x", "table__WELD_x"),
            ("", "table"),
            ("sqlitex", "sqlitex"),
        ];
        for (name, expected) in cases {
            assert_eq!(table_name(name), expected, "{name:?}");
        }
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
