//! `weld-host sync` in its own folder.

use crate::process::{Ended, Process};
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A folder in which syncs run and write their output.
pub struct Desk {
    folder: TempDir,
    program: PathBuf,
    cache: PathBuf,
}

impl Desk {
    /// An empty folder for syncs by this program. It also takes the place of the user's cache folder.
    ///
    /// # Panics
    /// If there is no temporary folder.
    pub fn new(program: &str, cache: &Path) -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder"),
            program: program.into(),
            cache: cache.to_owned(),
        }
    }

    /// The path of the file with this name.
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

    /// Starts a sync.
    pub fn start(&self, arguments: &[&str]) -> Process {
        Process::start(&mut self.command(arguments))
    }

    /// Runs a sync to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).wait()
    }

    /// Runs a sync to its end, which must be successful.
    ///
    /// # Panics
    /// If the sync fails.
    pub fn good(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {ended:?}");
        ended
    }

    /// Runs a sync that must end with exit status 1 and one line on stderr. Returns that line.
    ///
    /// # Panics
    /// If it ends in another way.
    pub fn mistake(&self, arguments: &[&str]) -> String {
        only_line(&self.run(&[arguments, &["--quiet"]].concat()))
    }

    /// A column of numbers of the table `rows`, in the order in which the rows were written.
    ///
    /// # Panics
    /// If there is no such column, or its values are not numbers.
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

    /// Opens a database that a sync has written.
    ///
    /// # Panics
    /// If there is no such database.
    pub fn database(&self, name: &str) -> Connection {
        Connection::open(self.path(name)).expect("a database")
    }
}

/// The only line on stderr of a run that failed because of the user's mistake.
///
/// # Panics
/// If it ended in another way.
pub fn only_line(ended: &Ended) -> String {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    let [line] = ended.stderr.as_slice() else {
        panic!("one line: {ended:?}");
    };
    assert!(line.starts_with("weld-host: "), "{line}");
    line.clone()
}
