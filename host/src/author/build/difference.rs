//! The difference between two configurations as people read it.

use crate::config::DisclosedLine;

/// Lines around a change that are the same in both.
const CONTEXT: usize = 2;
/// The most lines that are shown.
const MAX_SHOWN: usize = 40;
/// The most lines of a file that are compared; the work grows with their product.
const MAX_COMPARED: usize = 1500;

/// A line of the result.
#[derive(Clone, Copy)]
enum Change<'l> {
    Same(&'l DisclosedLine),
    Removed(&'l DisclosedLine),
    Added(&'l DisclosedLine),
}

/// The changed lines, with `-` for those of `old` and `+` for those of `new`, and lines around them; `@@ LINE` tells
/// where each group begins in `new`. `None` if no line differs, or if the files are too long to compare.
pub(super) fn difference(old: &[DisclosedLine], new: &[DisclosedLine]) -> Option<Vec<String>> {
    if old.len().max(new.len()) > MAX_COMPARED {
        return None;
    }
    let changes = changes(old, new);
    let is_change = |change: &Change<'_>| !matches!(change, Change::Same(_));
    if !changes.iter().any(is_change) {
        return None;
    }
    let is_shown = |place: usize| {
        let from = place.saturating_sub(CONTEXT);
        let near = changes.iter().skip(from).take(place - from + CONTEXT + 1);
        near.into_iter().any(is_change)
    };
    let mut lines = Vec::new();
    let (mut number, mut follows) = (1_usize, false);
    for (place, change) in changes.iter().enumerate() {
        let shows = is_shown(place);
        if shows && !follows {
            lines.push(format!("@@ line {number}"));
        }
        follows = shows;
        let (sign, line) = match change {
            Change::Same(line) => (' ', line),
            Change::Removed(line) => ('-', line),
            Change::Added(line) => ('+', line),
        };
        if shows {
            lines.push(format!("{sign}{}", line.text).trim_end().to_owned());
        }
        if sign != '-' {
            number += 1;
        }
    }
    if lines.len() > MAX_SHOWN {
        let more = lines.len() - MAX_SHOWN;
        lines.truncate(MAX_SHOWN);
        lines.push(format!("… and {more} more lines"));
    }
    Some(lines)
}

/// All lines of both files in order, by their longest common subsequence.
fn changes<'l>(old: &'l [DisclosedLine], new: &'l [DisclosedLine]) -> Vec<Change<'l>> {
    let width = new.len() + 1;
    // The longest common subsequence of the lines from `i` of `old` and from `j` of `new`, at `i * width + j`.
    let mut lengths = vec![0_u16; (old.len() + 1) * width];
    let length = |lengths: &[u16], i: usize, j: usize| {
        lengths.get(i * width + j).copied().unwrap_or_default()
    };
    for (i, old) in old.iter().enumerate().rev() {
        for (j, new) in new.iter().enumerate().rev() {
            let longest = if old == new {
                length(&lengths, i + 1, j + 1) + 1
            } else {
                length(&lengths, i + 1, j).max(length(&lengths, i, j + 1))
            };
            if let Some(place) = lengths.get_mut(i * width + j) {
                *place = longest;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut all = Vec::new();
    loop {
        match (old.get(i), new.get(j)) {
            (Some(line), Some(other)) if line == other => {
                all.push(Change::Same(line));
                (i, j) = (i + 1, j + 1);
            }
            (Some(line), other)
                if other.is_none() || length(&lengths, i + 1, j) >= length(&lengths, i, j + 1) =>
            {
                all.push(Change::Removed(line));
                i += 1;
            }
            (_, Some(line)) => {
                all.push(Change::Added(line));
                j += 1;
            }
            (_, None) => return all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::disclosed;

    fn shown(old: &str, new: &str) -> Option<Vec<String>> {
        difference(&disclosed(old).unwrap(), &disclosed(new).unwrap())
    }

    #[test]
    fn changed_lines_are_shown_with_those_around_them() {
        let old = "[limits]\ncalls = 1\nlog-lines = 2\nmax-wait = '1h'\nlinger = '2m'\n\
            [network]\nallow = ['https://a.example.com']\n[env]\nKEY = 'old secret'\n";
        let new = old
            .replace("https://a.", "https://b.")
            .replace("old secret", "new secret")
            .replace("calls = 1\n", "");
        let lines = shown(old, &new).unwrap();
        assert_eq!(
            lines,
            [
                "@@ line 1",
                " [limits]",
                "-calls = 1",
                " log-lines = 2",
                " max-wait = '1h'",
                " linger = '2m'",
                " [network]",
                "-allow = ['https://a.example.com']",
                "+allow = ['https://b.example.com']",
                " [env]",
                "-KEY = \"…\"",
                "+KEY = \"…\"",
            ]
        );
        assert_eq!(shown(old, old), None);
        assert_eq!(shown(old, &old.replace('\n', "\r\n")), None);
        assert_eq!(
            shown("", "[env]").unwrap(),
            ["@@ line 1", "+[env]"],
            "an empty file"
        );
    }

    #[test]
    fn groups_and_long_differences_are_cut() {
        let numbered = |skip: usize| {
            let lines = (0..100).filter(|number| *number != skip);
            lines
                .map(|number| format!("a{number} = 1\n"))
                .collect::<String>()
        };
        let lines = shown(&numbered(10), &numbered(90)).unwrap();
        let groups = lines.iter().filter(|line| line.starts_with("@@")).count();
        assert_eq!((groups, lines.len()), (2, 12), "{lines:?}");
        let lines = shown("", &numbered(0)).unwrap();
        assert_eq!(lines.len(), MAX_SHOWN + 1);
        assert_eq!(lines.last().unwrap(), "… and 60 more lines");
        let long = "# a\n".repeat(MAX_COMPARED + 1);
        assert_eq!(shown("", &long), None);
    }
}
