//! The keys of one section, read into parsed values.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value};

use super::document::{TomlEntry, TomlTable, ValueSources};
use super::error::Problem;
use super::range::Range;

/// Takes values from a section's table, and records problems. An invalid value counts as not set.
pub(super) struct Settings<'r, 'd, 's> {
    table: &'r mut TomlTable<'d>,
    sources: &'r ValueSources<'s>,
    problems: &'r mut Vec<Problem>,
}

impl<'r, 'd, 's> Settings<'r, 'd, 's> {
    pub(super) fn new(
        table: &'r mut TomlTable<'d>,
        sources: &'r ValueSources<'s>,
        problems: &'r mut Vec<Problem>,
    ) -> Self {
        Self {
            table,
            sources,
            problems,
        }
    }

    /// The entry of a key, unparsed.
    pub(super) fn entry(&mut self, key: &'static str) -> Option<TomlEntry<'d>> {
        self.table.get(key)
    }

    /// A boolean that defaults to `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        let flag = self.table.get(key).map(|entry| entry.flag());
        self.keep(flag).unwrap_or(false)
    }

    /// A boolean; `None` if it is missing, or invalid (which is recorded).
    pub(super) fn flag_if_valid(&mut self, key: &'static str) -> Option<bool> {
        let flag = self.table.get(key).map(|entry| entry.flag());
        self.keep(flag)
    }

    /// A table as JSON, empty if it is missing; `None` if it is invalid (which is recorded).
    pub(super) fn object(&mut self, key: &'static str) -> Option<Map<String, Value>> {
        match self.table.get(key) {
            None => Some(Map::new()),
            Some(entry) => self.keep(Some(entry.object(self.sources))),
        }
    }

    pub(super) fn size(&mut self, key: &'static str, default: u64, range: Range<u64>) -> u64 {
        self.value(key, default, "a size such as \"64MiB\"", |text| {
            range.parse(text)
        })
    }

    pub(super) fn time(
        &mut self,
        key: &'static str,
        default: Duration,
        range: Range<Duration>,
    ) -> Duration {
        self.value(key, default, "a time such as \"55s\"", |text| {
            range.parse(text)
        })
    }

    pub(super) fn time_or_off(
        &mut self,
        key: &'static str,
        default: Option<Duration>,
        range: Range<Duration>,
    ) -> Option<Duration> {
        let expected = "a time such as \"55s\", or \"off\"";
        self.value(key, default, expected, |text| match text {
            "off" => Ok(None),
            time => range.parse(time).map(Some),
        })
    }

    pub(super) fn count<T>(&mut self, key: &'static str, default: T, range: RangeInclusive<T>) -> T
    where
        T: TryFrom<u32> + PartialOrd + fmt::Display,
    {
        let count = self.table.get(key).map(|entry| entry.whole_number(&range));
        self.keep(count).unwrap_or(default)
    }

    /// The result of `read` for the table of a key; keys that it doesn't ask for are unknown. `None` if the key is
    /// missing.
    pub(super) fn section<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Settings<'_, 'd, 's>) -> T,
    ) -> Option<T> {
        let table = self.table.get_table(key).transpose();
        let mut table = self.keep(table)?;
        let section = read(&mut Settings::new(&mut table, self.sources, self.problems));
        self.problems.extend(table.unknown());
        Some(section)
    }

    /// The results of `read` for each table of a list, `[[KEY]]`, of at most `most` tables; invalid ones are left out.
    pub(super) fn sections<T>(
        &mut self,
        key: &'static str,
        most: usize,
        mut read: impl FnMut(&mut Settings<'_, 'd, 's>, &TomlEntry<'d>) -> Option<T>,
    ) -> Vec<T> {
        let Some(entry) = self.table.get(key) else {
            return Vec::new();
        };
        let Some(items) = entry.items() else {
            self.note(entry.mismatch("a list of tables"));
            return Vec::new();
        };
        if items.len() > most {
            self.note(entry.problem(format!("too many: write at most {most}")));
        }
        let mut right = Vec::new();
        for item in items.into_iter().take(most) {
            if let Some(mut table) = self.keep(Some(item.table())) {
                let mut settings = Settings::new(&mut table, self.sources, self.problems);
                right.extend(read(&mut settings, &item));
                self.problems.extend(table.unknown());
            }
        }
        right
    }

    /// The strings of a key whose value is a string or a list of strings; empty if it is missing.
    pub(super) fn one_or_more<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let Some(entry) = self.table.get(key) else {
            return Vec::new();
        };
        let entries = entry.items().unwrap_or_else(|| vec![entry]);
        let mut right = Vec::with_capacity(entries.len());
        for entry in entries {
            let value = self
                .sources
                .text(&entry, expected)
                .and_then(|text| parse(&text).map_err(|message| entry.problem(message)));
            right.extend(self.keep(Some(value)));
        }
        right
    }

    /// The valid items of a list; `None` if the key is missing or its value is not a list.
    pub(super) fn list_or<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        expected: (&str, &str),
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let is_list = self.table.get(key)?.items().is_some();
        let items = self.list(key, expected, parse);
        is_list.then(|| items.into_iter().map(|(_, item)| item).collect())
    }

    /// A number without a default; `None` if it is missing, or invalid (which is recorded).
    pub(super) fn count_if_set(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let count = self.table.get(key).map(|entry| entry.whole_number(&range));
        self.keep(count)
    }

    /// The valid items of a list, with their entries. `expected` describes an item, such as `network`, and `example`
    /// shows one.
    pub(super) fn list<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        (expected, example): (&str, &str),
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<(TomlEntry<'d>, T)> {
        let Some(entry) = self.table.get(key) else {
            return Vec::new();
        };
        let Some(items) = entry.items() else {
            let list = format!("a list of {expected}s such as [\"{example}\"]");
            self.note(entry.mismatch(&list));
            return Vec::new();
        };
        let expected = format!("a {expected} such as \"{example}\"");
        let mut right = Vec::with_capacity(items.len());
        for item in items {
            let value = self
                .sources
                .text(&item, &expected)
                .and_then(|text| parse(&text).map_err(|error| item.problem(error.to_string())));
            if let Some(value) = self.keep(Some(value)) {
                right.push((item, value));
            }
        }
        right
    }

    /// The strings of a table with their entries and names, in the order of the file; empty if it is missing. The
    /// strings of a list have the list's name.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<(TomlEntry<'d>, &'d str, String)> {
        let table = self.table.get_table(key).transpose();
        let Some(table) = self.keep(table) else {
            return Vec::new();
        };
        let mut right = Vec::new();
        for (name, entry) in table.into_entries() {
            for entry in entry.items().unwrap_or_else(|| vec![entry]) {
                let text = self.sources.text(&entry, "a string");
                if let Some(text) = self.keep(Some(text)) {
                    right.push((entry, name, text));
                }
            }
        }
        right
    }

    /// The result of `parse` for the content of the file that a key names, with the key's entry.
    pub(super) fn file<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> FileSetting<'d, T> {
        let Some(entry) = self.table.get(key) else {
            return FileSetting::NotSet;
        };
        let value = self
            .sources
            .content(&entry)
            .and_then(|content| parse(&content).map_err(|error| entry.problem(error.to_string())));
        match self.keep(Some(value)) {
            Some(value) => FileSetting::Read(entry, value),
            None => FileSetting::Wrong,
        }
    }

    /// Records a problem that concerns several values.
    pub(super) fn note(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The result of `parse` for a string, which `expected` describes.
    pub(super) fn value<T>(
        &mut self,
        key: &'static str,
        default: T,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let value = self.table.get(key).map(|entry| {
            let text = self.sources.text(&entry, expected)?;
            parse(&text).map_err(|message| entry.problem(message))
        });
        self.keep(value).unwrap_or(default)
    }

    fn keep<T>(&mut self, value: Option<Result<T, Problem>>) -> Option<T> {
        value?.map_err(|problem| self.problems.push(problem)).ok()
    }
}

/// A key that names a file.
pub(super) enum FileSetting<'d, T> {
    /// The key is missing.
    NotSet,
    /// It is invalid (which is recorded).
    Wrong,
    /// It is valid.
    Read(TomlEntry<'d>, T),
}
