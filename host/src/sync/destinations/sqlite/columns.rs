//! A table's columns: which there are, and new ones as they appear.

use std::collections::HashMap;

use rusqlite::Connection;

use super::fault::SqliteFault;
use super::names::{KEY_KINDS, Names, OWN_PREFIX, column_name, quoted};

/// SQLite's own limit, as it is built (sqlite.org/limits.html).
const MAX_COLUMNS: usize = 2000;

/// A column to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewColumn {
    /// As rows name it.
    pub(super) name: String,
    /// Whether the schema calls it a string.
    pub(super) is_text: bool,
}

/// A column of a table.
#[derive(Debug)]
pub(super) struct Column {
    /// As rows name it.
    pub(super) name: String,
    /// As SQL names it, without quotes.
    pub(super) sql_name: String,
    /// Whether SQLite turns into text what it is given.
    pub(super) is_text: bool,
}

/// A table and its columns. It exists in the file as soon as it has a column, since SQL knows no table without.
#[derive(Debug)]
pub(super) struct Layout {
    /// As the schema names it.
    pub(super) table: String,
    /// As SQL names it, without quotes.
    pub(super) sql_table: String,
    /// The primary key's columns, as rows name them; empty where rows are appended.
    pub(super) key: Vec<String>,
    /// The key by which the rows in the file are kept, where it is another one.
    pub(super) old_key: Option<Vec<String>>,
    /// Whether the table has the column [`KEY_KINDS`], which is part of the key.
    pub(super) has_key_kinds: bool,
    columns: Vec<Column>,
    places: HashMap<String, usize>,
    taken: Names,
}

impl Layout {
    /// `taken` are the names in the table that are in use, those of `columns` among them.
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

    /// The place of the column that rows name so.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The key's columns for SQL; none where rows are appended.
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

    /// The index that keeps the key, quoted. A table of a schema never has such a name.
    pub(super) fn index_sql(&self) -> String {
        quoted(&format!("{OWN_PREFIX}key_{}", self.sql_table))
    }

    /// Adds those of `new` that are unknown, within the caller's transaction; where that is rolled back,
    /// [`Layout::forget_after`] must follow.
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
        // A column without a type keeps each value as it is given. A type of numbers would round digits, and a table
        // that is STRICT is read from end to end for each column that it gets.
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
