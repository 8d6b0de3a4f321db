//! Tests the whole destination by querying its file.

mod changes;
mod files;
mod inserts;
mod names;
mod resume;
mod rows;
mod viewers;

use std::fs;
use std::path::PathBuf;

use rusqlite::types::Value;
use tempfile::TempDir;

use super::super::Destination;
use super::super::fixtures::{raw, rows};
use super::Sqlite;

struct Lab {
    folder: TempDir,
}

impl Lab {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("rows.sqlite")
    }

    /// The names of the files in the folder.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn open(&self) -> Sqlite {
        Sqlite::open(&self.path()).unwrap()
    }
}

/// Commits a page of the table `t`.
fn put(sqlite: &mut Sqlite, texts: &[&str], state: &str) {
    sqlite.commit("t", &rows(texts), &raw(state)).unwrap();
}

fn all(sqlite: &Sqlite, sql: &str) -> Vec<Vec<Value>> {
    let mut statement = sqlite.file.connection.prepare(sql).unwrap();
    let width = statement.column_count();
    statement
        .query_map([], |row| (0..width).map(|at| row.get(at)).collect())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// The result of a query, a line per row. Texts are quoted.
fn shown(sqlite: &Sqlite, sql: &str) -> Vec<String> {
    let show = |value: &Value| match value {
        Value::Null => "null".to_owned(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => format!("{real:?}"),
        Value::Text(text) => format!("'{text}'"),
        Value::Blob(_) => "blob".to_owned(),
    };
    all(sqlite, sql)
        .iter()
        .map(|row| row.iter().map(show).collect::<Vec<_>>().join(" "))
        .collect()
}
