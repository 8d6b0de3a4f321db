//! Where one value stands.

use super::entry::TomlEntry;
use super::table::TomlTable;
use crate::config::error::Problem;

/// Where a value stands.
pub(super) enum ValueSource<'d> {
    /// Here.
    Text(&'d str),
    /// In the environment, under this name.
    Variable(&'d str),
    /// In the file at this path.
    File(&'d str),
}

impl<'d> ValueSource<'d> {
    /// Reads an entry: a string, or a table that says where the value stands. `expected` says for the error what the
    /// entry should be.
    ///
    /// # Errors
    ///
    /// It is neither.
    pub(super) fn of(entry: &TomlEntry<'d>, expected: &str) -> Result<Self, Problem> {
        match entry.as_str() {
            Some(text) => Ok(Self::Text(text)),
            None if entry.is_table() => Self::elsewhere(entry, &mut entry.table()?),
            None => Err(entry.mismatch(expected)),
        }
    }

    /// As [`Self::of`], and whether the value is a secret.
    ///
    /// # Errors
    ///
    /// Those of [`Self::of`]; also that `secret` is neither `true` nor `false`.
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

    /// `table` is the entry's, of which other keys may be known.
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
