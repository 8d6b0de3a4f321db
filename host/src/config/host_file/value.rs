//! The value of one key.

use crate::config::document::{TomlEntry, ValueSources};
use crate::config::error::Problem;

/// A flag that the file may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagKey {
    /// Its name without the dashes, such as `max-body`.
    pub name: String,
    /// What its value looks like.
    pub form: FlagForm,
}

/// What the value of a flag looks like in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagForm {
    /// `true` or `false`; the flag itself has no value.
    Switch,
    /// A string, or a whole number for a count.
    Text,
    /// The path of a file or folder, relative to the folder of `weld-host.toml`.
    Path,
    /// A string or a list of strings; the flag may be repeated.
    List,
    /// A string or a list of strings; the flag's value has commas between them.
    Joined,
}

/// A value with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocatedValue<T> {
    /// The value.
    pub value: T,
    /// The line of its key, starting at 1.
    pub line: usize,
}

/// The value of a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileValue {
    /// The flag's name without the dashes.
    pub key: String,
    /// The value in the syntax of the flag: one text, several for a list, `true` or `false` for a switch.
    pub texts: Vec<String>,
    /// The line of the key, starting at 1.
    pub line: usize,
    /// Whether it comes from a variable or another file, without `secret = false`.
    pub is_secret: bool,
}

/// Checks a value of a flag: takes the flag's name and the value's text, and returns an error message if it is invalid.
pub(super) type FlagCheck<'c> = dyn Fn(&str, &str) -> Result<(), String> + 'c;

impl FlagKey {
    /// Reads the value of this flag, and has `check` test it.
    pub(super) fn read(
        &self,
        entry: &TomlEntry<'_>,
        sources: &ValueSources<'_>,
        check: &FlagCheck<'_>,
    ) -> Result<FileValue, Problem> {
        let (texts, is_secret) = self.texts(entry, sources)?;
        for text in &texts {
            check(&self.name, text).map_err(|message| entry.problem(message))?;
        }
        Ok(FileValue {
            key: self.name.clone(),
            texts,
            line: entry.line(),
            is_secret,
        })
    }

    fn texts(
        &self,
        entry: &TomlEntry<'_>,
        sources: &ValueSources<'_>,
    ) -> Result<(Vec<String>, bool), Problem> {
        let one = |(text, is_secret): (String, bool)| (vec![text], is_secret);
        match self.form {
            FlagForm::Switch => Ok((vec![entry.flag()?.to_string()], false)),
            FlagForm::Text if entry.is_integer() => {
                let number = entry.whole_number(&(0..=u32::MAX))?;
                Ok((vec![number.to_string()], false))
            }
            FlagForm::Text => sources
                .text_and_secrecy(entry, "a string in quotes, or a whole number")
                .map(one),
            FlagForm::Path => {
                let (text, is_secret) = sources.text_and_secrecy(entry, "a path in quotes")?;
                if text.is_empty() {
                    return Err(entry.problem("the path is empty: write one, or remove the line"));
                }
                let path = sources.path(&text).to_string_lossy().into_owned();
                Ok((vec![path], is_secret))
            }
            FlagForm::List | FlagForm::Joined => {
                let expected = "a string, or a list of strings";
                let Some(items) = entry.items() else {
                    return sources.text_and_secrecy(entry, expected).map(one);
                };
                let read = items
                    .iter()
                    .map(|item| sources.text_and_secrecy(item, "a string"));
                let texts: Vec<(String, bool)> = read.collect::<Result<_, Problem>>()?;
                let is_secret = texts.iter().any(|(_, is_secret)| *is_secret);
                let texts: Vec<String> = texts.into_iter().map(|(text, _)| text).collect();
                match self.form {
                    FlagForm::Joined => Ok((vec![texts.join(",")], is_secret)),
                    _ => Ok((texts, is_secret)),
                }
            }
        }
    }
}
