//! `weld-host sync` in a folder of its own.

use crate::process::{Ended, Process};
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A folder in which syncs run, and leave what they write.
pub struct Desk {
    folder: TempDir,
    program: PathBuf,
    cache: PathBuf,
}

impl Desk {
    /// An empty one, for syncs by this program, which finds this folder in place of the user's cache folder.
    ///
    /// # Panics
    /// Where there can be no temporary folder.
    pub fn new(program: &str, cache: &Path) -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder"),
            program: program.into(),
            cache: cache.to_owned(),
        }
    }

    /// Where a file of this name lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `weld-host sync` with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("sync")
            .args(arguments)
            .env_clear()
            .env("XDG_CACHE_HOME", &self.cache)
            .current_dir(self.folder.path());
        command
    }

    /// Starts it.
    pub fn start(&self, arguments: &[&str]) -> Process {
        Process::start(&mut self.command(arguments))
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).wait()
    }

    /// Runs it to an end that must be good.
    ///
    /// # Panics
    /// Where it isn't.
    pub fn good(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {ended:?}");
        ended
    }

    /// Runs it to an end in exit status 1, told in one line on stderr; answers the line.
    ///
    /// # Panics
    /// Where it ends otherwise.
    pub fn mistake(&self, arguments: &[&str]) -> String {
        only_line(&self.run(&[arguments, &["--quiet"]].concat()))
    }

    /// A column of numbers of the table `rows`, in the order in which its rows came.
    ///
    /// # Panics
    /// Where there is no such column, or what it holds are no numbers.
    pub fn numbers(&self, to: &str, column: &str) -> Vec<i64> {
        if to.ends_with('/') {
            let text = fs::read_to_string(self.path(to).join("rows.jsonl")).expect("a file");
            let number = |line: &str| {
                let row: Value = serde_json::from_str(line).expect("a row is JSON");
                row[column].as_i64().expect("a number")
            };
            return text.lines().map(number).collect();
        }
        let database = self.database(to);
        let sql = format!("SELECT {column} FROM rows ORDER BY rowid");
        let mut query = database.prepare(&sql).expect("the table is there");
        let numbers = query.query_map([], |row| row.get(0)).expect("rows");
        numbers.collect::<Result<_, _>>().expect("numbers")
    }

    /// A database that a sync has written.
    ///
    /// # Panics
    /// Where there is none.
    pub fn database(&self, name: &str) -> Connection {
        Connection::open(self.path(name)).expect("a database")
    }
}

/// What a run ended in that failed by a mistake, and told of it in one line on stderr alone.
///
/// # Panics
/// Where it ended otherwise.
pub fn only_line(ended: &Ended) -> String {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    let [line] = ended.stderr.as_slice() else {
        panic!("one line: {ended:?}");
    };
    assert!(line.starts_with("weld-host: "), "{line}");
    line.clone()
}
