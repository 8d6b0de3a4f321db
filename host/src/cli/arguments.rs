//! The arguments of the process, completed by `weld-host.toml`.
//!
//! A value of the file takes the place of a flag that neither the arguments nor the environment set. So a flag, its
//! variable and its key in the file have one parser, one range and one default.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::error::CliError;
use super::flag_table::FlagTable;
use super::foreign_flags::hinted;
use super::origin::SettingOrigin;
use crate::config::{FlagForm, HostFile};

/// The arguments of the process.
#[derive(Debug, Clone)]
pub(super) struct Arguments {
    /// Beginning with the program's name.
    words: Vec<OsString>,
    /// What they are parsed by.
    command: Command,
}

/// What determines the settings of a server: the arguments, the environment and the file. The default has none of them.
#[derive(Default)]
pub(super) struct Resolution {
    /// The file; `None` if there is none.
    pub(super) file: Option<HostFile>,
    /// The flags that the file may set.
    pub(super) flags: FlagTable,
    /// The command's own values, with those of the file.
    matches: ArgMatches,
    /// The command's own values, without those of the file.
    given: ArgMatches,
}

impl Arguments {
    pub(super) fn of_process(command: Command) -> Self {
        Self {
            words: std::env::args_os().collect(),
            command,
        }
    }

    /// These words instead of the process's own.
    pub(super) fn of_words(words: Vec<OsString>, command: Command) -> Self {
        Self { words, command }
    }

    /// Parses the arguments alone.
    pub(super) fn parse(&self) -> Result<ArgMatches, clap::Error> {
        self.matches(&[]).map_err(|error| {
            let words = self.words.iter().skip(1);
            let words: Vec<_> = words
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            hinted(error, &self.command, &words)
        })
    }

    /// Reads `weld-host.toml`, and parses the arguments again with its values, which the first result contains. `file` is the path in `--config`, if it
    /// is given.
    ///
    /// # Errors
    ///
    /// - [`CliError::Config`]: the file is invalid, or can't be read. It may be missing if no path is given.
    /// - [`CliError::HostFileFlags`]: its values contradict each other or the flags.
    pub(super) fn resolve(
        &self,
        file: Option<&Path>,
    ) -> Result<(ArgMatches, Resolution), CliError> {
        let flags = FlagTable::of(&self.command);
        let read =
            |path: &Path| HostFile::read(path, &flags.keys(), &|key, text| flags.check(key, text));
        let file = match file.map(Path::to_owned).or_else(file_here) {
            Some(path) => Some(read(&path)?),
            None => None,
        };
        let given = self.matches(&[]).map(own_matches);
        let contradiction = |error: clap::Error| CliError::HostFileFlags {
            path: file
                .as_ref()
                .map_or_else(PathBuf::new, |file| file.path.clone()),
            problem: first_line(&error),
        };
        let given = given.map_err(contradiction)?;
        let added = file
            .as_ref()
            .map_or_else(Vec::new, |file| added(file, &flags, &given));
        let matches = self.matches(&added).map_err(contradiction)?;
        let resolution = Resolution {
            file,
            flags,
            matches: own_matches(matches.clone()),
            given,
        };
        Ok((matches, resolution))
    }

    fn matches(&self, added: &[OsString]) -> Result<ArgMatches, clap::Error> {
        let end = self.words.iter().position(|word| word == "--");
        let (before, after) = self.words.split_at(end.unwrap_or(self.words.len()));
        let command = self.command.clone();
        command.try_get_matches_from([before, added, after].concat())
    }
}

impl Resolution {
    /// The values of the innermost command, with those of the file.
    pub(super) fn matches(&self) -> &ArgMatches {
        &self.matches
    }

    /// Where the value of a flag comes from.
    pub(super) fn origin(&self, flag: &str) -> SettingOrigin {
        let Some(entry) = self.flags.named(flag) else {
            return SettingOrigin::Default;
        };
        match source(&self.given, &entry.id) {
            Some(ValueSource::CommandLine) => return SettingOrigin::Flag,
            Some(ValueSource::EnvVariable) => {
                return SettingOrigin::Variable(entry.variable.clone().unwrap_or_default());
            }
            _ => {}
        }
        let line = self.file.as_ref().and_then(|file| file.value(flag));
        line.map_or(SettingOrigin::Default, |value| self.line(value.line))
    }

    /// A line of the file.
    pub(super) fn line(&self, line: usize) -> SettingOrigin {
        SettingOrigin::File {
            path: self
                .file
                .as_ref()
                .map_or_else(PathBuf::new, |file| file.path.clone()),
            line,
        }
    }

    /// The value of a flag as it was written, with several separated by commas; `None` if it has none.
    pub(super) fn text(&self, flag: &str) -> Option<String> {
        let entry = self.flags.named(flag)?;
        let values = self.matches.try_get_raw(&entry.id).ok()??;
        let texts: Vec<String> = values
            .map(|text| text.to_string_lossy().into_owned())
            .collect();
        Some(texts.join(", "))
    }
}

/// `weld-host.toml` in the working folder. A dangling link counts: its target may be missing because a mount failed.
fn file_here() -> Option<PathBuf> {
    let path = PathBuf::from(HostFile::NAME);
    path.symlink_metadata().is_ok().then_some(path)
}

/// The file's values as flags, except those that are given otherwise.
fn added(file: &HostFile, flags: &FlagTable, given: &ArgMatches) -> Vec<OsString> {
    let mut added = Vec::new();
    for value in &file.values {
        let Some(entry) = flags.named(&value.key) else {
            continue;
        };
        let is_given = matches!(
            source(given, &entry.id),
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        );
        if is_given {
            continue;
        }
        for text in &value.texts {
            match (entry.key.form, text.as_str()) {
                (FlagForm::Switch, "true") => added.push(format!("--{}", value.key).into()),
                (FlagForm::Switch, _) => {}
                _ => added.push(format!("--{}={text}", value.key).into()),
            }
        }
    }
    added
}

/// The values of the innermost command.
fn own_matches(mut matches: ArgMatches) -> ArgMatches {
    while let Some((_, inner)) = matches.remove_subcommand() {
        matches = inner;
    }
    matches
}

/// Where a value comes from; `None` if the command has no such flag, or no value.
fn source(matches: &ArgMatches, id: &str) -> Option<ValueSource> {
    let is_known = matches.ids().any(|known| known == id);
    is_known.then(|| matches.value_source(id)).flatten()
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
