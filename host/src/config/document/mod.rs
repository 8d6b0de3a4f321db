//! A TOML file as tables and entries that know the path of their key and their place in the file, so that every message
//! can name both.

mod entry;
mod json;
mod mistake;
mod source;
mod sources;
mod table;
mod text;
mod unclosed;

pub(super) use entry::TomlEntry;
pub(super) use sources::{ValueSources, Variable};
pub(super) use table::TomlTable;

use std::borrow::Cow;

use toml::Spanned;
use toml::de::DeTable;

use super::error::Problem;
use mistake::described;
use text::TomlText;
use unclosed::UnclosedValue;

/// For a file that is longer and not TOML, only the first mistake is reported: the parser keeps all mistakes in memory,
/// and such a file may consist of nothing else.
const ALL_MISTAKES_BYTES: usize = 16 << 10;

/// How many lists without an end are reported: each takes another look at the text.
const MOST_CLOSED: usize = 20;

/// A parsed TOML file.
pub(super) struct Document<'t> {
    text: TomlText<'t>,
    root: Spanned<DeTable<'t>>,
}

impl<'t> Document<'t> {
    /// Parses a whole file.
    ///
    /// # Errors
    ///
    /// Every line that isn't TOML, in the order of the file; only the first for a file over [`ALL_MISTAKES_BYTES`].
    pub(super) fn parse(text: &'t str) -> Result<Self, Vec<Problem>> {
        match DeTable::parse(text) {
            Ok(root) => Ok(Self {
                text: TomlText::new(text),
                root,
            }),
            Err(first) => Err(mistakes(text, &first)),
        }
    }

    /// The top-level table of the file.
    pub(super) fn root(&self) -> TomlTable<'_> {
        TomlTable::new(&self.text, String::new(), self.root.get_ref())
    }
}

/// The mistakes in a text, whose first one the parser has found.
fn mistakes(text: &str, first: &toml::de::Error) -> Vec<Problem> {
    let is_long = text.len() > ALL_MISTAKES_BYTES;
    let mut problems = Vec::new();
    // A list without an end makes the parser take the lines after it for its values. Further mistakes are looked for in a
    // text where it ends.
    let mut closed = Cow::Borrowed(text);
    while problems.len() < MOST_CLOSED
        && let Some(unclosed) = UnclosedValue::find(&closed)
    {
        let message = unclosed.message();
        problems.push(TomlText::new(&closed).problem(unclosed.begin, None, message));
        if is_long {
            break;
        }
        closed = Cow::Owned(unclosed.closed(&closed));
    }
    let places = TomlText::new(&closed);
    let problem = |error: &toml::de::Error| {
        // A file that ends too early has its mistake at the end.
        let offset = error.span().map_or(closed.len(), |span| span.start);
        let message = described(places.line(offset), error.message());
        places.problem(offset, None, message)
    };
    if is_long {
        problems.push(problem(first));
    } else {
        let (_, errors) = DeTable::parse_recoverable(&closed);
        problems.extend(errors.iter().map(problem));
    }
    problems.sort_by_key(|problem| (problem.line, problem.column));
    // Further errors in a broken line are consequences of the first.
    problems.dedup_by_key(|problem| problem.line);
    problems.truncate(if is_long { 1 } else { usize::MAX });
    problems
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn document(text: &str) -> Document<'_> {
        Document::parse(text).expect(text)
    }

    #[test]
    fn unknown_keys_are_reported_with_place_and_nearest_key() {
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
                    message: message.into(),
                    concerns_machine: false,
                    is_beyond_policy: false,
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
            (
                "a = [\n  'hunter2',\nb = 1\n[c]\nd = 'x'\n[e]\nf = [1",
                vec![1, 7],
            ),
            ("a = [\n  'hunter2',\nb = hunter2\n", vec![1, 3]),
            ("{", vec![1]),
            ("hunter2", vec![1]),
            ("hunter2: hunter2", vec![1]),
            ("a = hunter2", vec![1]),
            ("a = 'x' hunter2", vec![1]),
            ("a = ['hunter2' 'hunter2']", vec![1]),
            ("a = { b = hunter2 }", vec![1]),
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
    fn only_the_first_mistake_of_a_long_file_is_reported() {
        let short = "x\n".repeat(ALL_MISTAKES_BYTES / 2);
        let problems = Document::parse(&short).err().expect("not TOML");
        assert_eq!(problems.len(), ALL_MISTAKES_BYTES / 2);
        let text = format!("a = 1\n{}", "x\n".repeat(1 << 19));
        let problems = Document::parse(&text).err().expect("not TOML");
        let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2]);
        let text = format!("a = 1\nb = [\n[c]\nd = 'x'\n{}", "# x\n".repeat(1 << 18));
        let problems = Document::parse(&text).err().expect("not TOML");
        let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2]);
        let long = format!("a = 1 # {}", "x".repeat(1 << 20));
        assert!(Document::parse(&long).is_ok());
    }

    #[test]
    fn the_last_of_a_hundred_thousand_keys_is_found_as_quickly_as_the_first() {
        let text: String = (0..100_000)
            .map(|number| format!("k{number} = 1\n"))
            .collect();
        let problems = document(&text).root().unknown();
        let lines: BTreeSet<usize> = problems.iter().map(|problem| problem.line).collect();
        assert!(lines.into_iter().eq(1..=100_000));
    }

    #[test]
    fn endless_nesting_is_a_problem_not_a_crash() {
        assert!(Document::parse(&format!("a = {}", "[".repeat(100_000))).is_err());
    }
}
