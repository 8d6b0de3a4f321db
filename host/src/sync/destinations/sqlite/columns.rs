//! The columns of a table, and adding new ones.

use std::collections::HashMap;

use rusqlite::Connection;

use super::fault::SqliteFault;
use super::names::{KEY_KINDS, Names, OWN_PREFIX, column_name, quoted};

/// SQLite's default limit (sqlite.org/limits.html).
const MAX_COLUMNS: usize = 2000;

/// A column to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewColumn {
    /// The name in rows.
    pub(super) name: String,
    /// Whether the schema declares it as a string.
    pub(super) is_text: bool,
}

/// A column of a table.
#[derive(Debug)]
pub(super) struct Column {
    /// The name in rows.
    pub(super) name: String,
    /// The name in SQL, without quotes.
    pub(super) sql_name: String,
    /// Whether the column is TEXT, so that SQLite converts values to text.
    pub(super) is_text: bool,
}

/// A table and its columns. The file has the table once it has a column, since SQL has no tables without columns.
#[derive(Debug)]
pub(super) struct Layout {
    /// The name in the schema.
    pub(super) table: String,
    /// The name in SQL, without quotes.
    pub(super) sql_table: String,
    /// The primary key's columns, by their names in rows; empty if rows are appended.
    pub(super) key: Vec<String>,
    /// The key of the rows in the file, if it differs.
    pub(super) old_key: Option<Vec<String>>,
    /// Whether the table has the column [`KEY_KINDS`], which is part of the key.
    pub(super) has_key_kinds: bool,
    columns: Vec<Column>,
    places: HashMap<String, usize>,
    taken: Names,
}

impl Layout {
    /// `taken` are the names in use in the table, including those of `columns`.
    pub(super) fn new(
        table: String,
        sql_table: String,
        key: Vec<String>,
        columns: Vec<Column>,
        taken: Names,
    ) -> Self {
        let places = columns
            .iter()
            .enumerate()
            .map(|(place, column)| (column.name.clone(), place))
            .collect();
        Self {
            table,
            sql_table,
            key,
            old_key: None,
            has_key_kinds: false,
            columns,
            places,
            taken,
        }
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The index of the column with this name in rows.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The key's columns for SQL; `None` if rows are appended.
    pub(super) fn key_sql(&self) -> Option<String> {
        let mut names: Vec<_> = self
            .key
            .iter()
            .filter_map(|name| self.columns.get(self.place(name)?))
            .map(|column| quoted(&column.sql_name))
            .collect();
        if self.has_key_kinds && !names.is_empty() {
            names.push(quoted(KEY_KINDS));
        }
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// The quoted name of the key's index. No table of a schema gets such a name.
    pub(super) fn index_sql(&self) -> String {
        quoted(&format!("{OWN_PREFIX}key_{}", self.sql_table))
    }

    /// Adds the unknown ones of the columns in `new`, within the caller's transaction. If it is rolled back,
    /// [`Layout::forget_after`] must be called.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        new: impl IntoIterator<Item = NewColumn>,
    ) -> Result<(), SqliteFault> {
        let known = self.columns.len();
        let mut record = connection.prepare(
            "INSERT INTO _weld_columns (table_name, name, sql_name) VALUES (?1, ?2, ?3)",
        )?;
        for NewColumn { name, is_text } in new {
            if self.places.contains_key(&name) {
                continue;
            }
            if self.columns.len() >= MAX_COLUMNS {
                return Err(SqliteFault::TooManyColumns {
                    table: self.table.clone(),
                    column: name,
                    limit: MAX_COLUMNS,
                });
            }
            let sql_name = self.taken.take(column_name(&name));
            record.execute([&self.table, &name, &sql_name])?;
            self.places.insert(name.clone(), self.columns.len());
            self.columns.push(Column {
                name,
                sql_name,
                is_text,
            });
        }
        let added = self.columns.get(known..).unwrap_or_default();
        // A column without a type stores each value unchanged. A numeric type would round digits. A STRICT table would
        // be scanned for every new column.
        let definitions = added.iter().map(|column| {
            let type_name = if column.is_text { " TEXT" } else { "" };
            quoted(&column.sql_name) + type_name
        });
        let table = quoted(&self.sql_table);
        if known > 0 {
            for definition in definitions {
                connection
                    .execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {definition}"))?;
            }
        } else if !added.is_empty() {
            let definitions: Vec<_> = definitions.collect();
            connection.execute_batch(&format!(
                "CREATE TABLE {table} ({})",
                definitions.join(", ")
            ))?;
        }
        Ok(())
    }

    /// Forgets the columns after the first `known`.
    pub(super) fn forget_after(&mut self, known: usize) {
        for column in self.columns.drain(known.min(self.columns.len())..) {
            self.places.remove(&column.name);
            self.taken.remove(&column.sql_name);
        }
    }
}
