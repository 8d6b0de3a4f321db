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
    /// Reads `--to`: `-`, a folder (an existing one, or a name that ends in a slash), or else a database file. Without
    /// `--to`, it is a database in the current folder, named after the connector.
    pub(in crate::cli) fn read(to: Option<&str>, connector: &str) -> Self {
        match to {
            Some(STDOUT) => Self::Stdout,
            Some(path) if path.ends_with('/') || Path::new(path).is_dir() => {
                Self::JsonLines(path.into())
            }
            Some(path) => Self::Sqlite(path.into()),
            None => Self::Sqlite(format!("{}.sqlite", file_name(connector)).into()),
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
            assert_eq!(Target::read(to, "beers"), expected, "{to:?}");
        }
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
