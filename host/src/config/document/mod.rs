//! A TOML file as tables and entries that know their key's path and their place, so that every
//! complaint can name both.

mod entry;
mod json;
mod sources;

pub(super) use entry::Entry;
pub(super) use sources::{Sources, Variable};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problem;

/// A parsed TOML file.
pub(super) struct Document<'t> {
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

impl<'t> Document<'t> {
    /// Parses a whole file.
    ///
    /// # Errors
    ///
    /// Every line that isn't TOML, in the order of the file.
    pub(super) fn parse(text: &'t str) -> Result<Self, Vec<Problem>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut problems: Vec<Problem> = errors
            .iter()
            .map(|error| {
                // A file that ends too early has its mistake at the end.
                let offset = error.span().map_or(text.len(), |span| span.start);
                problem_at(text, offset, None, error.message().to_owned())
            })
            .collect();
        if problems.is_empty() {
            return Ok(Self { text, root });
        }
        problems.sort_by_key(|problem| (problem.line, problem.column));
        // What the parser finds in the rest of a broken line is a consequence of the first mistake.
        problems.dedup_by_key(|problem| problem.line);
        Err(problems)
    }

    /// The table of all that stands in no section.
    pub(super) fn root(&self) -> Table<'_> {
        Table::new(self.text, String::new(), self.root.get_ref())
    }
}

/// A table and the keys that were asked of it: all others are unknown.
pub(super) struct Table<'d> {
    text: &'d str,
    /// Empty for the root.
    path: String,
    entries: &'d DeTable<'d>,
    known: Vec<&'static str>,
}

impl<'d> Table<'d> {
    fn new(text: &'d str, path: String, entries: &'d DeTable<'d>) -> Self {
        Self {
            text,
            path,
            entries,
            known: Vec::new(),
        }
    }

    /// The entry of a key, which is known from now on.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Entry<'d>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries
            .get_key_value(key)
            .map(|(key, value)| self.entry(key, value))
    }

    /// The table of a key, which is known from now on.
    ///
    /// # Errors
    ///
    /// The key's value is no table.
    pub(super) fn get_table(&mut self, key: &'static str) -> Result<Option<Table<'d>>, Problem> {
        self.get(key).map(|entry| entry.table()).transpose()
    }

    /// All entries with their keys, in the order of the file: for tables whose keys are the user's.
    pub(super) fn into_entries(self) -> Vec<(&'d str, Entry<'d>)> {
        let mut entries: Vec<_> = self
            .entries
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), self.entry(key, value)))
            .collect();
        // The parser keeps keys in alphabetical order.
        entries.sort_by_key(|(_, entry)| entry.offset);
        entries
    }

    /// One problem for each key that nobody asked for, with the known key nearest to it.
    pub(super) fn unknown(&self) -> Vec<Problem> {
        self.entries
            .iter()
            .filter(|(key, _)| !self.known.contains(&key.get_ref().as_ref()))
            .map(|(key, value)| {
                let advice = match self.nearest(key.get_ref()) {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None => format!("known here: {}", self.known.join(", ")),
                };
                self.entry(key, value)
                    .problem(format!("unknown key; {advice}"))
            })
            .collect()
    }

    /// The known key that was probably meant: at most a third of the letters differ.
    fn nearest(&self, key: &str) -> Option<&'static str> {
        self.known
            .iter()
            .map(|known| (strsim::damerau_levenshtein(known, key), *known))
            .min()
            .filter(|(distance, known)| distance * 3 <= known.len())
            .map(|(_, known)| known)
    }

    fn entry(
        &self,
        key: &Spanned<toml::de::DeString<'_>>,
        value: &'d Spanned<DeValue<'d>>,
    ) -> Entry<'d> {
        let dot = if self.path.is_empty() { "" } else { "." };
        Entry {
            text: self.text,
            path: format!("{}{dot}{}", self.path, key_text(key.get_ref())),
            offset: key.span().start,
            value: value.get_ref(),
        }
    }
}

/// A key as TOML would write it, so that a line break in it can't break the message's line.
fn key_text(key: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        format!("{key:?}")
    }
}

fn problem_at(text: &str, offset: usize, key: Option<String>, message: String) -> Problem {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    // Characters, not bytes: all bytes of UTF-8 but those that continue a character.
    let characters = before
        .iter()
        .rev()
        .take_while(|byte| **byte != b'\n')
        .filter(|byte| **byte & 0xC0 != 0x80);
    Problem {
        line: lines + 1,
        column: characters.count() + 1,
        key,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document<'_> {
        Document::parse(text).expect(text)
    }

    #[test]
    fn unknown_keys_are_named_with_place_and_nearest_key() {
        let cases = [
            (
                "memroy = 1",
                (1, 1, "memroy"),
                "unknown key; did you mean `memory`?",
            ),
            (
                "\n  cpu_time = 1",
                (2, 3, "cpu_time"),
                "unknown key; did you mean `cpu-time`?",
            ),
            (
                "a = 'ü'\r\n'' = 1",
                (2, 1, "\"\""),
                "unknown key; known here: a, memory, cpu-time",
            ),
            (
                "\"two\\nlines\" = 1",
                (1, 1, "\"two\\nlines\""),
                "unknown key; known here: a, memory, cpu-time",
            ),
        ];
        for (text, (line, column, key), message) in cases {
            let document = document(text);
            let mut root = document.root();
            for known in ["a", "memory", "cpu-time"] {
                root.get(known);
            }
            let key = Some(key.to_owned());
            assert_eq!(
                root.unknown(),
                [Problem {
                    line,
                    column,
                    key,
                    message: message.into()
                }],
                "{text:?}"
            );
        }
    }

    #[test]
    fn entries_keep_the_order_of_the_file() {
        let document = document("z = 1\na = 2\nm = 3");
        let keys: Vec<&str> = document
            .root()
            .into_entries()
            .iter()
            .map(|(key, _)| *key)
            .collect();
        assert_eq!(keys, ["z", "a", "m"]);
    }

    #[test]
    fn every_broken_line_is_reported_once() {
        let cases = [
            ("a = 1\na = 2", vec![2]),
            ("a =\nb = hunter2\nc = 1", vec![1, 2]),
            ("[limits\nmemory = '1MiB'", vec![1]),
            ("a = 'hunter2", vec![1]),
            ("a = [1,\n", vec![1]),
            ("{", vec![1]),
        ];
        for (text, lines) in cases {
            let problems = Document::parse(text).err().expect(text);
            assert_eq!(
                problems
                    .iter()
                    .map(|problem| problem.line)
                    .collect::<Vec<_>>(),
                lines,
                "{text:?}: {problems:?}"
            );
            for problem in problems {
                let message = problem.to_string();
                assert!(
                    !message.contains("hunter2") && !message.contains('\n'),
                    "{text:?}: {message}"
                );
            }
        }
    }

    #[test]
    fn nesting_without_end_is_a_problem_not_a_crash() {
        assert!(Document::parse(&format!("a = {}", "[".repeat(100_000))).is_err());
    }
}
