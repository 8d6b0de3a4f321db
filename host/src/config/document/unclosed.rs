//! Finds a list or a table in braces that is not closed before the next key or section begins.
//!
//! The parser reads on to the end of the file and reports a mistake in each of those lines, but not where the list begins.

use super::mistake::is_key;

/// A value in brackets without their end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnclosedValue<'t> {
    key: &'t str,
    /// Where its first bracket is, in bytes.
    pub(super) begin: usize,
    /// Where the missing brackets belong: after the last thing in it.
    end: usize,
    /// The missing brackets.
    closing: String,
}

impl<'t> UnclosedValue<'t> {
    /// The first one in a file. `None` too if a text before it has no closing quote: then nobody knows where it ends.
    pub(super) fn find(text: &'t str) -> Option<Self> {
        let mut open: Vec<char> = Vec::new();
        let mut first: Option<(&'t str, usize)> = None;
        let mut end = 0;
        let mut offset = 0;
        let mut begins_line = true;
        while let Some(rest) = text.get(offset..).filter(|rest| !rest.is_empty()) {
            if begins_line {
                let line = rest.lines().next().unwrap_or_default();
                if open.is_empty() && line.trim_start().starts_with('[') {
                    // A section's heading.
                    offset += line.len().max(1);
                    begins_line = false;
                    continue;
                }
                if !open.is_empty() && ends_value(line, open.last().copied()) {
                    break;
                }
                begins_line = false;
            }
            let letter = rest.chars().next()?;
            let length = match letter {
                '#' => rest.find('\n').unwrap_or(rest.len()),
                '"' | '\'' => quoted_length(rest)?,
                _ => letter.len_utf8(),
            };
            match letter {
                '\n' => begins_line = true,
                '[' | '{' => {
                    if open.is_empty() {
                        first = key_before(text, offset).map(|key| (key, offset));
                    }
                    open.push(letter);
                }
                ']' | '}' => drop(open.pop()),
                _ => {}
            }
            offset += length;
            if letter != '#' && !letter.is_whitespace() {
                end = offset;
            }
        }
        let (key, begin) = first.filter(|_| !open.is_empty())?;
        let closing = open.iter().rev();
        Some(Self {
            key,
            begin,
            end,
            closing: closing
                .map(|open| if *open == '[' { ']' } else { '}' })
                .collect(),
        })
    }

    /// What is wrong.
    pub(super) fn message(&self) -> String {
        let key = self.key;
        if self.closing.ends_with(']') {
            format!("the list `{key}` has no closing `]`")
        } else {
            format!("the braces of `{key}` have no closing `}}`")
        }
    }

    /// The text with the missing brackets. Lines stay where they are.
    pub(super) fn closed(&self, text: &str) -> String {
        let (before, after) = text.split_at_checked(self.end).unwrap_or((text, ""));
        format!("{before}{}{after}", self.closing)
    }
}

/// The length of a text in quotes at the beginning of `rest`; `None` if it has no end.
fn quoted_length(rest: &str) -> Option<usize> {
    let quote = rest.get(..1)?;
    let long = quote.repeat(3);
    let (quotes, has_lines) = if rest.starts_with(&long) {
        (long.as_str(), true)
    } else {
        (quote, false)
    };
    let mut offset = quotes.len();
    loop {
        let rest = rest.get(offset..)?;
        if rest.starts_with(quotes) {
            return Some(offset + quotes.len());
        }
        let letter = rest.chars().next()?;
        if letter == '\n' && !has_lines {
            return None;
        }
        offset += letter.len_utf8();
        if letter == '\\' && quote == "\"" {
            offset += rest.chars().nth(1)?.len_utf8();
        }
    }
}

/// The key whose value begins at `offset`, if it is on the same line.
fn key_before(text: &str, offset: usize) -> Option<&str> {
    let line = text.get(..offset)?.rsplit('\n').next()?;
    let key = line.trim_end().strip_suffix('=')?.trim();
    is_key(key).then_some(key)
}

/// Whether a line can't belong to a value that is open: a section's heading, or in a list a key.
fn ends_value(line: &str, open: Option<char>) -> bool {
    let line = line.trim();
    let heading = line.strip_prefix('[').map(|rest| {
        let rest = rest.strip_prefix('[').unwrap_or(rest);
        let (name, after) = rest.split_once(']').unwrap_or((rest, "x"));
        let after = after.strip_prefix(']').unwrap_or(after).trim();
        is_key(name)
            && name.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && !matches!(name, "true" | "false" | "inf" | "nan")
            && (after.is_empty() || after.starts_with('#'))
    });
    let is_pair = || line.split_once('=').is_some_and(|(key, _)| is_key(key));
    heading.unwrap_or_else(|| open == Some('[') && is_pair())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message, and the text with the missing brackets.
    fn found(text: &str) -> Option<(String, String)> {
        let unclosed = UnclosedValue::find(text)?;
        Some((unclosed.message(), unclosed.closed(text)))
    }

    #[test]
    fn value_without_its_end_is_found_before_the_next_key_or_section() {
        let list = "the list `a` has no closing `]`";
        for (text, message, closed) in [
            ("a = [1,\n", list, "a = [1,]\n"),
            ("a = [", list, "a = []"),
            (
                "a = [\n  'x', # [y]\n\nb = 1\n",
                list,
                "a = [\n  'x',] # [y]\n\nb = 1\n",
            ),
            (
                "[n]\na = [\"]\"\n[env]\nb = 1",
                list,
                "[n]\na = [\"]\"]\n[env]\nb = 1",
            ),
            (
                "a = [[1], [2\n[[auth.x]] # y\n",
                list,
                "a = [[1], [2]]\n[[auth.x]] # y\n",
            ),
            ("a = [{ b = 1 }\nc = 2", list, "a = [{ b = 1 }]\nc = 2"),
            (
                "a = { b = 'ü'\n[env]",
                "the braces of `a` have no closing `}`",
                "a = { b = 'ü'}\n[env]",
            ),
        ] {
            let expected = (message.to_owned(), closed.to_owned());
            assert_eq!(found(text), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn closed_values_and_other_mistakes_are_left_to_the_parser() {
        for text in [
            "",
            "a = [1, 2]\nb = { c = 1 }\n[d]\ne = '''[\n[\n'''\n",
            "a = [\n  [1],\n  [true],\n  \"b = 1\",\n  { b = 1,\n    c = 2 },\n]",
            "a = \"[\\\"[\"\nb = '\\'\n# c = [",
            "[limits\nmemory = '1MiB'",
            "[",
            "{",
            "a = ['x\nb = 1",
            "a = \"\"\"[",
            "a = ]]\nb = 1",
        ] {
            assert_eq!(found(text), None, "{text:?}");
        }
    }
}
