//! Which lines of a guest's stdout or stderr form one event of the log, as those of a traceback do.
//!
//! Languages write a traceback line by line, so the first line keeps the event open for further ones. It must be known
//! by its words, since any other line has to appear in the log when it is written.

/// The greatest length of an event, escaped, in bytes. Further lines become events of their own.
const MAX_EVENT_BYTES: usize = 32 << 10;

/// The end of the first line of Python's tracebacks.
const PYTHON: &str = "Traceback (most recent call last):";

/// What Python writes between the tracebacks of two exceptions of which one caused the other.
const PYTHON_BETWEEN: [&str; 2] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
];

/// Lines of one stream that form an event, which may get more.
#[derive(Debug)]
pub(super) struct JoinedLines {
    text: String,
    kind: JoinKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JoinKind {
    /// An ordinary line, with the indented lines that are written together with it. JavaScript writes stacks like this.
    Indented,
    /// The frames of a traceback of Python, up to the line of the exception.
    PythonFrames,
    /// A traceback after the line of its exception.
    PythonEnd,
    /// A traceback after the words that introduce the next exception's.
    PythonBetween,
    /// Everything after a panic of Rust, which ends the call.
    Panic,
}

impl JoinedLines {
    /// An event that begins with this line.
    pub(super) fn begin(line: String) -> Self {
        let kind = if line.ends_with(PYTHON) {
            JoinKind::PythonFrames
        } else if line.starts_with("thread '") && line.contains(" panicked at ") {
            JoinKind::Panic
        } else {
            JoinKind::Indented
        };
        Self { text: line, kind }
    }

    /// Adds a line.
    ///
    /// # Errors
    ///
    /// It is not a part of this event: it is returned.
    pub(super) fn add(&mut self, line: String) -> Result<(), String> {
        if self.text.len().saturating_add(line.len()) >= MAX_EVENT_BYTES {
            return Err(line);
        }
        let Some(kind) = self.kind_with(&line) else {
            return Err(line);
        };
        self.kind = kind;
        self.text.push('\n');
        self.text.push_str(&line);
        Ok(())
    }

    /// The event's kind with this line; `None` if the line is not a part of it.
    fn kind_with(&self, line: &str) -> Option<JoinKind> {
        let is_indented = line.starts_with([' ', '\t']);
        let begins = line.ends_with(PYTHON);
        match self.kind {
            JoinKind::Indented if is_indented && !begins => Some(JoinKind::Indented),
            JoinKind::Indented => None,
            JoinKind::PythonFrames if is_indented || begins || line.is_empty() => {
                Some(JoinKind::PythonFrames)
            }
            // The line of the exception.
            JoinKind::PythonFrames => Some(JoinKind::PythonEnd),
            JoinKind::PythonEnd if PYTHON_BETWEEN.contains(&line) => Some(JoinKind::PythonBetween),
            JoinKind::PythonEnd => {
                let belongs = (is_indented && !begins) || line.is_empty();
                belongs.then_some(JoinKind::PythonEnd)
            }
            JoinKind::PythonBetween if begins => Some(JoinKind::PythonFrames),
            JoinKind::PythonBetween => line.is_empty().then_some(JoinKind::PythonBetween),
            JoinKind::Panic => Some(JoinKind::Panic),
        }
    }

    /// Whether lines of a later write may belong to it.
    pub(super) fn outlasts_a_write(&self) -> bool {
        self.kind != JoinKind::Indented
    }

    /// The event's text, without empty lines at its end.
    pub(super) fn into_text(mut self) -> String {
        let length = self.text.trim_end_matches('\n').len();
        self.text.truncate(length);
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events that these lines form, if they are written together.
    fn joined(lines: &[&str]) -> Vec<String> {
        let mut events = Vec::new();
        let mut open: Option<JoinedLines> = None;
        for line in lines {
            let mut line = (*line).to_owned();
            if let Some(lines) = &mut open {
                match lines.add(line) {
                    Ok(()) => continue,
                    Err(same) => line = same,
                }
            }
            events.extend(open.replace(JoinedLines::begin(line)));
        }
        events.extend(open);
        events.into_iter().map(JoinedLines::into_text).collect()
    }

    #[test]
    fn traceback_is_one_event() {
        let one: &[&[&str]] = &[
            &[
                PYTHON,
                "  File \"app.py\", line 3, in rows",
                "    deals[0]",
                "    ~~~~~^^^",
                "IndexError: list index out of range",
            ],
            &[
                PYTHON,
                "  File \"app.py\", line 3",
                "KeyError: 'id'",
                "",
                PYTHON_BETWEEN[0],
                "",
                PYTHON,
                "  File \"app.py\", line 5",
                "ValueError: no id",
            ],
            &[
                "  + Exception Group Traceback (most recent call last):",
                "  |   File \"app.py\", line 3",
            ],
            &[
                "Error: no id",
                "    at rows (app.js:3:7)",
                "    at app.js:9:1",
            ],
            &[
                "thread '<unnamed>' panicked at src/lib.rs:3:7:",
                "no id",
                "in this row",
                "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
            ],
        ];
        for lines in one {
            assert_eq!(joined(lines), [lines.join("\n")]);
        }
    }

    #[test]
    fn other_lines_stay_apart() {
        for lines in [
            &["one", "two", "", "three"][..],
            &["KeyError: 'id'", PYTHON_BETWEEN[0]],
            &[" indented at the beginning", "one"],
        ] {
            assert_eq!(joined(lines), lines);
        }
        let traceback = [PYTHON, "  File \"app.py\", line 3", "KeyError: 'id'"].join("\n");
        let lines = [
            PYTHON,
            "  File \"app.py\", line 3",
            "KeyError: 'id'",
            "",
            "next",
        ];
        assert_eq!(joined(&lines), [&traceback, "next"]);
        let twice = [&lines[..3], &lines[..3]].concat();
        assert_eq!(joined(&twice), [&*traceback, &traceback]);
    }

    #[test]
    fn event_has_a_greatest_length() {
        let frame = format!("  {}", "x".repeat(1_000));
        let lines = std::iter::once(PYTHON).chain(std::iter::repeat_n(&*frame, 100));
        let lines: Vec<_> = lines.collect();
        let events = joined(&lines);
        assert!(events.len() > 1);
        assert!(events.iter().all(|event| event.len() <= MAX_EVENT_BYTES));
        assert_eq!(events.join("\n"), lines.join("\n"));
    }
}
