//! The source of one value.

use super::entry::TomlEntry;
use super::table::TomlTable;
use crate::config::error::Problem;

/// The source of a value.
pub(super) enum ValueSource<'d> {
    /// The file itself.
    Text(&'d str),
    /// The environment variable with this name.
    Variable(&'d str),
    /// The file at this path.
    File(&'d str),
}

impl<'d> ValueSource<'d> {
    /// Reads an entry: a string, or a table that names a variable or a file. `expected` describes the entry for the
    /// error message.
    ///
    /// # Errors
    ///
    /// The entry is neither of these.
    pub(super) fn of(entry: &TomlEntry<'d>, expected: &str) -> Result<Self, Problem> {
        match entry.as_str() {
            Some(text) => Ok(Self::Text(text)),
            _ if entry.is_table() => Self::elsewhere(entry, &mut entry.table()?),
            None => Err(entry.mismatch(expected)),
        }
    }

    /// As [`Self::of`], and whether the value is a secret.
    ///
    /// # Errors
    ///
    /// As [`Self::of`]; or `secret` is not a boolean.
    pub(super) fn with_secrecy(
        entry: &TomlEntry<'d>,
        expected: &str,
    ) -> Result<(Self, bool), Problem> {
        if !entry.is_table() {
            return Ok((Self::of(entry, expected)?, false));
        }
        let mut table = entry.table()?;
        let is_secret = match table.get("secret") {
            Some(secret) => secret.flag()?,
            None => true,
        };
        Ok((Self::elsewhere(entry, &mut table)?, is_secret))
    }

    /// Reads the source from `table`, which is the entry's; the caller may have taken other keys from it.
    fn elsewhere(entry: &TomlEntry<'d>, table: &mut TomlTable<'d>) -> Result<Self, Problem> {
        let (variable, file) = (table.get("env"), table.get("file"));
        if let Some(unknown) = table.unknown().into_iter().next() {
            return Err(unknown);
        }
        match (variable, file) {
            (Some(variable), None) => variable
                .as_str()
                .map(Self::Variable)
                .ok_or_else(|| variable.mismatch("the name of a variable")),
            (None, Some(file)) => file
                .as_str()
                .map(Self::File)
                .ok_or_else(|| file.mismatch("the path of a file")),
            (None, None) | (Some(_), Some(_)) => {
                Err(entry.problem("expected either { env = \"VAR\" } or { file = \"PATH\" }"))
            }
        }
    }
}
