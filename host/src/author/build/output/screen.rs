//! What the author sees of a failed tool, in the size of a screen.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitStatus;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::author::build::error::BuildError;
use crate::author::build::quoting::commands_for;

/// The rows of the report that precede the final message. A screen has 24, of which the command and the message take some.
pub(super) const MOST_ROWS: usize = 16;
/// Lines are cut here: command lines and mangled names may have thousands of characters.
const LONGEST_LINE: usize = 160;
/// The width of a screen, for lines that need two rows.
const COLUMNS: usize = 80;

/// What the author sees of a failed tool.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::author::build) struct FailureReport {
    /// Lines of the tool's output, such as the author's own frames. May be empty.
    pub(in crate::author::build) shown: Vec<String>,
    /// The place, the cause and what to do, as the final message. `None` if the output doesn't tell.
    pub(in crate::author::build) cause: Option<String>,
}

impl FailureReport {
    /// The same report for an author in another folder than the project's: the commands of npm that it advises say which
    /// folder they are for. `shown` is the project's folder as the author knows it.
    pub(in crate::author::build) fn in_folder(self, shown: &Path) -> Self {
        let of_folder = |text| commands_for(shown, text);
        Self {
            shown: self.shown.into_iter().map(of_folder).collect(),
            cause: self.cause.map(of_folder),
        }
    }

    /// Shows the lines of the output, and returns the error with the cause.
    pub(in crate::author::build) fn into_error(
        self,
        command: &str,
        status: ExitStatus,
    ) -> BuildError {
        show(self.shown.iter().map(String::as_str));
        match self.cause {
            Some(cause) => BuildError::Source(cause),
            None => BuildError::Failed {
                command: command.to_owned(),
                status,
            },
        }
    }
}

/// Writes lines of a tool to the terminal, as if the tool did. A closed terminal is ignored.
pub(in crate::author::build) fn show<'a>(lines: impl IntoIterator<Item = &'a str>) {
    let mut stderr = io::stderr().lock();
    for line in lines {
        let _ = stderr
            .write_all(line.as_bytes())
            .and_then(|()| stderr.write_all(b"\n"));
    }
}

/// Reads a stream to its end, and shows each line for which `is_progress` holds. Returns the others.
pub(in crate::author::build) async fn show_progress(
    stream: Option<impl AsyncRead + Unpin>,
    is_progress: fn(&str) -> bool,
) -> String {
    let mut held = String::new();
    let Some(stream) = stream else {
        return held;
    };
    let (mut reader, mut line) = (BufReader::new(stream), Vec::new());
    // What a broken pipe leaves unread is lost, and the tool's status tells that it failed.
    while let Ok(1..) = reader.read_until(b'\n', &mut line).await {
        let text = String::from_utf8_lossy(&line);
        if is_progress(&text) {
            show([text.trim_end()]);
        } else {
            held.push_str(&text);
        }
        line.clear();
    }
    held
}

/// The lines that fit into a screen: from the beginning, and from the end if `tail` is not zero, with the number of lines
/// that were left out.
pub(super) fn screenful<'a>(lines: impl IntoIterator<Item = &'a str>, tail: usize) -> Vec<String> {
    let lines: Vec<String> = lines.into_iter().map(cut).collect();
    let all: usize = lines.iter().map(|line| rows(line)).sum();
    if all <= MOST_ROWS {
        return lines;
    }
    let mut end = Vec::new();
    let mut left = MOST_ROWS - 1;
    for line in lines.iter().rev().take(tail) {
        let Some(rest) = left.checked_sub(rows(line)) else {
            break;
        };
        left = rest;
        end.push(line.clone());
    }
    let mut shown = Vec::new();
    for line in &lines {
        let Some(rest) = left.checked_sub(rows(line)) else {
            break;
        };
        left = rest;
        shown.push(line.clone());
    }
    let omitted = lines.len() - shown.len() - end.len();
    shown.push(format!("… {omitted} more lines …"));
    shown.extend(end.into_iter().rev());
    shown
}

/// A line without line end, of at most [`LONGEST_LINE`] characters.
fn cut(line: &str) -> String {
    crate::report::shortened(line.trim_end(), LONGEST_LINE)
}

fn rows(line: &str) -> usize {
    line.chars().count().div_ceil(COLUMNS).max(1)
}

/// The text without the escape sequences that color it.
pub(super) fn without_colors(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            plain.push(character);
            continue;
        }
        // `ESC [ … letter`; other sequences have no parameters.
        if characters.next() == Some('[') {
            for inner in characters.by_ref() {
                if inner.is_ascii_alphabetic() {
                    break;
                }
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_fits_into_a_screen_with_its_beginning_and_its_end() {
        let lines: Vec<String> = (1..=100).map(|number| format!("line {number}")).collect();
        let shown = screenful(lines.iter().map(String::as_str), 4);
        assert_eq!(shown.len(), MOST_ROWS);
        assert_eq!(shown.first().map(String::as_str), Some("line 1"));
        assert_eq!(shown.last().map(String::as_str), Some("line 100"));
        assert!(shown.contains(&"… 85 more lines …".to_owned()), "{shown:?}");
        let long = "x".repeat(5000);
        let shown = screenful([long.as_str(); 12], 0);
        let all: usize = shown.iter().map(|line| rows(line)).sum();
        assert!(all <= MOST_ROWS + 1, "{all} rows: {shown:?}");
        assert_eq!(screenful(["a", "b"], 0), ["a", "b"]);
        assert_eq!(screenful([], 3), Vec::<String>::new());
    }

    #[test]
    fn commands_of_npm_name_the_folder_unless_it_is_the_current_one() {
        let report = |cause: &str| FailureReport {
            shown: vec!["run `npm install`".to_owned()],
            cause: Some(cause.to_owned()),
        };
        let cause = "Could not resolve \"dayjs\": run `npm install dayjs`";
        let moved = report(cause).in_folder(Path::new("my shop"));
        assert_eq!(
            moved.cause.as_deref(),
            Some("Could not resolve \"dayjs\": run `npm install --prefix 'my shop' dayjs`")
        );
        assert_eq!(moved.shown, ["run `npm install --prefix 'my shop'`"]);
        assert_eq!(report(cause).in_folder(Path::new(".")), report(cause));
    }

    #[test]
    fn colors_are_removed() {
        assert_eq!(
            without_colors("\u{1b}[1m\u{1b}[38;5;9merror\u{1b}[0m: x\u{1b}"),
            "error: x"
        );
    }
}
