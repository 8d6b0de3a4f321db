//! The text of a TOML file, in which any place is found quickly.

use crate::config::error::Problem;

/// Bytes between two counts of characters, so that a file of one long line is not slower than others.
const STEP_BYTES: usize = 1 << 10;

/// A file's text, and where its lines begin.
pub(in crate::config) struct TomlText<'t> {
    text: &'t str,
    /// Offsets in bytes.
    line_begins: Vec<usize>,
    /// The number of characters before each step.
    characters: Vec<usize>,
}

impl<'t> TomlText<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let after_ends = ends.map(|(offset, _)| offset + 1);
        let mut before = 0;
        let steps = text.as_bytes().chunks(STEP_BYTES).map(|step| {
            before += count(step);
            before
        });
        Self {
            text,
            line_begins: std::iter::once(0).chain(after_ends).collect(),
            characters: std::iter::once(0).chain(steps).collect(),
        }
    }

    /// A problem at `offset`, in bytes from the beginning. `key` has the form of [`Problem::key`].
    pub(super) fn problem(&self, offset: usize, key: Option<String>, message: String) -> Problem {
        let offset = offset.min(self.text.len());
        let line = self.line_begins.partition_point(|begin| *begin <= offset);
        let begin = line
            .checked_sub(1)
            .and_then(|line| self.line_begins.get(line));
        let begin = begin.copied().unwrap_or_default();
        Problem {
            line,
            column: self.characters_before(offset) - self.characters_before(begin) + 1,
            key,
            message,
            concerns_machine: false,
            is_beyond_policy: false,
        }
    }

    /// The line at `offset`.
    pub(super) fn line(&self, offset: usize) -> &'t str {
        let line = self.line_begins.partition_point(|begin| *begin <= offset);
        let begin_of = |line: usize| self.line_begins.get(line).copied();
        let begin = line.checked_sub(1).and_then(begin_of).unwrap_or_default();
        let end = begin_of(line).unwrap_or(self.text.len());
        self.text.get(begin..end).unwrap_or_default()
    }

    fn characters_before(&self, offset: usize) -> usize {
        let step = offset / STEP_BYTES;
        let rest = self.text.as_bytes().get(step * STEP_BYTES..offset);
        self.characters.get(step).copied().unwrap_or_default() + rest.map_or(0, count)
    }
}

/// The number of characters that begin in these bytes of UTF-8: continuation bytes don't count.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_lines_and_characters() {
        let long = "ü".repeat(3 * STEP_BYTES);
        let text = format!("a\n{long}\r\n\n{long}b");
        let text = TomlText::new(&text);
        let end = text.text.len();
        for (offset, place) in [
            (0, (1, 1)),
            (1, (1, 2)),
            (2, (2, 1)),
            (2 + 2 * STEP_BYTES, (2, 1 + STEP_BYTES)),
            (2 + long.len() + 2, (3, 1)),
            (2 + long.len() + 3, (4, 1)),
            (end - 1, (4, 1 + 3 * STEP_BYTES)),
            (end, (4, 2 + 3 * STEP_BYTES)),
            (end + 9, (4, 2 + 3 * STEP_BYTES)),
        ] {
            let problem = text.problem(offset, None, String::new());
            assert_eq!((problem.line, problem.column), place, "{offset}");
        }
        let lines = TomlText::new("a = 1\nb\n");
        for (offset, line) in [(0, "a = 1\n"), (5, "a = 1\n"), (6, "b\n"), (8, ""), (9, "")] {
            assert_eq!(lines.line(offset), line, "{offset}");
        }
        let empty = TomlText::new("").problem(0, None, String::new());
        assert_eq!((empty.line, empty.column), (1, 1));
    }
}
