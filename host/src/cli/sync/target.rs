//! The destination that `--to` names.

use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use crate::cli::error::CliError;
use crate::sync::{Destination, JsonLines, Observer, Sqlite, States, Stdout};

/// The name of stdout in `--to`.
pub(in crate::cli) const STDOUT: &str = "-";

/// A destination for rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Target {
    /// A SQLite database.
    Sqlite(PathBuf),
    /// A folder of JSON Lines.
    JsonLines(PathBuf),
    /// `-`
    Stdout,
}

impl Target {
    /// Reads `--to`: the [given](Self::given) destination. Without `--to`, it is a database in the current folder, named
    /// after the connector.
    ///
    /// # Errors
    ///
    /// The file doesn't exist, and its ending is that of another format.
    pub(in crate::cli) fn read(to: Option<&str>, connector: &str) -> Result<Self, CliError> {
        let target = match to {
            Some(to) => Self::given(to),
            None => Self::Sqlite(format!("{}.sqlite", file_name(connector)).into()),
        };
        if let Self::Sqlite(path) = &target
            && to.is_some()
            && !has_content(path)
            && let Some(ending) = foreign_ending(path)
        {
            return Err(CliError::OtherFormat {
                path: path.clone(),
                format: ending,
            });
        }
        Ok(target)
    }

    /// The destination that is named: `-`, a folder (an existing one, or a name that ends in a slash), or else a database
    /// file.
    pub(super) fn given(to: &str) -> Self {
        if to == STDOUT {
            Self::Stdout
        } else if to.ends_with('/') || Path::new(to).is_dir() {
            Self::JsonLines(to.into())
        } else {
            Self::Sqlite(to.into())
        }
    }

    pub(in crate::cli) fn open(&self) -> Result<Box<dyn Destination>, CliError> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(Sqlite::open(path)?),
            Self::JsonLines(folder) => Box::new(JsonLines::open(folder)?),
            Self::Stdout => Box::new(Stdout::new(std::io::stdout())),
        })
    }

    /// Like [`open`](Self::open); `observe` also gets the rows of each page that was committed.
    pub(in crate::cli) fn open_observed(
        &self,
        observe: impl FnMut(&str, &[Box<RawValue>]) + Send + 'static,
    ) -> Result<Box<dyn Destination>, CliError> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(Observer::new(Sqlite::open(path)?, observe)),
            Self::JsonLines(folder) => Box::new(Observer::new(JsonLines::open(folder)?, observe)),
            Self::Stdout => self.open()?,
        })
    }

    /// A note on the file that stays next to the destination after a sync, if there is one.
    pub(in crate::cli) fn left_over(&self) -> Option<String> {
        match self {
            Self::Sqlite(path) => Sqlite::left_log(path).map(|left| left.to_string()),
            Self::JsonLines(_) | Self::Stdout => None,
        }
    }

    /// The file or folder, for messages.
    pub(in crate::cli) fn path(&self) -> &Path {
        match self {
            Self::Sqlite(path) | Self::JsonLines(path) => path,
            Self::Stdout => Path::new(STDOUT),
        }
    }

    /// The states in the destination, which must exist: looking at states must not create it.
    pub(in crate::cli) fn states(&self) -> Result<Box<dyn States>, CliError> {
        Ok(match self {
            Self::Sqlite(path) if path.exists() => Box::new(Sqlite::open(path)?),
            Self::JsonLines(folder) if folder.exists() => Box::new(JsonLines::open(folder)?),
            Self::Sqlite(path) | Self::JsonLines(path) => {
                return Err(CliError::NoDestination(path.clone()));
            }
            Self::Stdout => return Err(CliError::NoStates),
        })
    }
}

/// The endings of database files.
const DATABASE_ENDINGS: [&str; 6] = ["sqlite", "sqlite3", "db", "db3", "sqlitedb", "sdb"];

/// The longest ending that is taken for that of a format.
const LONGEST_ENDING: usize = 8;

/// What a file's ending says that it should contain, if that is not a database. An ending with a digit at its beginning
/// is part of a name, as in `rows.2026`.
fn foreign_ending(path: &Path) -> Option<String> {
    let ending = path.extension()?.to_str()?;
    let is_word = ending.starts_with(|first: char| first.is_ascii_alphabetic())
        && ending.len() <= LONGEST_ENDING
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let lower = ending.to_ascii_lowercase();
    (is_word && !DATABASE_ENDINGS.contains(&lower.as_str())).then_some(lower)
}

/// Whether the file exists and isn't empty. If it is not a database, opening it says so.
fn has_content(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.len() > 0)
}

/// A file name for a connector: characters that are unsafe in file names become `_`.
fn file_name(connector: &str) -> String {
    let name: String = connector
        .chars()
        .map(|character| {
            let plain = character.is_alphanumeric() || "-_.".contains(character);
            if plain { character } else { '_' }
        })
        .collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() {
        "weld".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_of_the_name_decides_the_destination() {
        for (to, expected) in [
            (None, Target::Sqlite("beers.sqlite".into())),
            (Some("-"), Target::Stdout),
            (Some("rows/"), Target::JsonLines("rows/".into())),
            (Some("/"), Target::JsonLines("/".into())),
            (Some("."), Target::JsonLines(".".into())),
            (Some("b.db"), Target::Sqlite("b.db".into())),
        ] {
            assert_eq!(Target::read(to, "beers").unwrap(), expected, "{to:?}");
        }
    }

    #[test]
    fn files_of_other_formats_are_refused_unless_they_exist() {
        let folder = tempfile::tempdir().unwrap();
        let to = |name: &str| folder.path().join(name).display().to_string();
        for name in [
            "x.csv",
            "x.CSV",
            "x.parquet",
            "x.xlsx",
            "x.txt",
            "x.jsonl",
            "x.json",
            "a.db.gz",
        ] {
            let error = Target::read(Some(&to(name)), "shop")
                .unwrap_err()
                .to_string();
            assert!(error.contains(name), "{error}");
            for known in [".sqlite", ".db", "DIR/", "`-`"] {
                assert!(error.contains(known), "{error}");
            }
        }
        for name in [
            "x",
            "x.sqlite",
            "x.db",
            "x.DB",
            "x.sqlite3",
            "rows.2026",
            "127.0.0.1_80",
            ".csv",
        ] {
            assert_eq!(
                Target::read(Some(&to(name)), "shop").unwrap(),
                Target::Sqlite(to(name).into()),
                "{name}"
            );
        }
        std::fs::write(to("old.csv"), "").unwrap();
        assert!(
            Target::read(Some(&to("old.csv")), "shop").is_err(),
            "it is empty"
        );
        std::fs::write(to("old.csv"), "SQLite format 3").unwrap();
        assert!(Target::read(Some(&to("old.csv")), "shop").is_ok());
    }

    #[test]
    fn any_connector_gives_a_file_name() {
        for (connector, expected) in [
            ("127.0.0.1:8080", "127.0.0.1_8080"),
            ("..", "weld"),
            ("", "weld"),
            (".hidden", "hidden"),
        ] {
            assert_eq!(file_name(connector), expected, "{connector}");
        }
    }
}
