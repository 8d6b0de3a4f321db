//! The output of componentize-py, which imports the author's modules in a component and reports what they raise.
//!
//! It prints Python's traceback inside a traceback and a backtrace of its own, with the paths of the component: `/0` is the
//! connector's folder, `/1` and so on are the folders of packages, `/python` is the standard library.

mod traceback;

use std::path::Path;

use super::screen::{FailureReport, screenful};
use crate::author::build::quoting::quoted;
use traceback::{FrameOwner, PythonTraceback, tracebacks};

/// A statement of the author's modules that may end the build. Python's own traceback doesn't tell.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(in crate::author::build) struct PossibleExit(
    /// The file, relative to the connector's folder.
    pub(in crate::author::build) String,
    /// The line.
    pub(in crate::author::build) u32,
    /// The statement, such as `sys.exit()`.
    pub(in crate::author::build) String,
);

/// A connector's folder, as messages name it.
#[derive(Debug)]
pub(in crate::author::build) struct PythonFolder {
    /// Its path, as the author gave it.
    pub(in crate::author::build) shown: String,
    /// The command that installs the packages of its requirements.txt.
    pub(in crate::author::build) install: String,
}

impl PythonFolder {
    /// The folder with this path.
    pub(in crate::author::build) fn new(shown: &Path) -> Self {
        Self {
            shown: shown.to_string_lossy().trim_end_matches('/').to_owned(),
            install: format!("weld-host build {} --install", quoted(shown)),
        }
    }
}

/// Reduces the stderr of componentize-py to the author's frames and the exception.
pub(in crate::author::build) fn python_failure(
    stderr: &str,
    exits: &[PossibleExit],
    folder: &PythonFolder,
) -> FailureReport {
    // Of an adapted function; the shim has found place and cause.
    let refused = stderr
        .lines()
        .find_map(|line| line.split_once("NotServed: "));
    if let Some((_, reason)) = refused {
        return FailureReport {
            shown: Vec::new(),
            cause: Some(reason.to_owned()),
        };
    }
    let own = before(stderr, "\nStack backtrace:");
    let (said, causes) = own.rsplit_once("\nCaused by:").unwrap_or((own, ""));
    let said = said
        .split_once("\nAssertionError: ")
        .map_or(said, |(_, said)| said);
    if causes.contains("Exited with i32 exit status") {
        return ended(said, exits);
    }
    let (printed, tracebacks) = tracebacks(said);
    let Some(last) = tracebacks.last() else {
        return without_traceback(said, causes);
    };
    let mut lines: Vec<String> = printed
        .iter()
        .rev()
        .take(4)
        .rev()
        .map(|line| (*line).to_owned())
        .collect();
    for (number, traceback) in tracebacks.iter().enumerate() {
        if number > 0 {
            lines.push(String::new());
        }
        lines.extend(traceback.shown());
    }
    let cause = cause(&tracebacks, last, folder);
    // The text of such a package says how to install it elsewhere.
    let shown = if cause.contains(C_CODE) {
        Vec::new()
    } else {
        screenful(lines.iter().map(String::as_str), 10)
    };
    FailureReport {
        shown,
        cause: Some(cause),
    }
}

fn before<'a>(text: &'a str, mark: &str) -> &'a str {
    text.split(mark).next().unwrap_or(text)
}

/// What is wrong with a package whose modules are compiled.
const C_CODE: &str = "has C code; a component takes pure Python only";

/// Place, cause and advice.
fn cause(
    tracebacks: &[PythonTraceback<'_>],
    last: &PythonTraceback<'_>,
    folder: &PythonFolder,
) -> String {
    let place = |traceback: &PythonTraceback<'_>| {
        traceback.own().map_or_else(
            || "app.py".to_owned(),
            |frame| format!("{}:{}", frame.file, frame.line),
        )
    };
    let (kind, text) = last.summary();
    let what = if text.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind}: {text}")
    };
    // A package may replace the error of its own import by another one.
    let import = tracebacks
        .iter()
        .find(|one| one.summary().0 == "ModuleNotFoundError")
        .filter(|_| matches!(kind, "ModuleNotFoundError" | "ImportError"));
    if let Some(import) = import
        && let Some(reason) = failed_import(import, folder)
    {
        return format!("{}: {reason}", place(import));
    }
    let place = place(last);
    if matches!(kind, "SyntaxError" | "IndentationError" | "TabError") {
        return format!("{place}: {what}; correct the line and build again");
    }
    if last
        .frames
        .last()
        .is_some_and(|frame| frame.owner == FrameOwner::Kit)
    {
        // The kit says what to do.
        return format!("{place}: {}", if text.is_empty() { kind } else { &text });
    }
    match advice(kind, &text, last) {
        Some(advice) => format!("{place}: {what}; {advice}"),
        None => format!(
            "{place}: {what}; the top of a module runs while the component is built: correct it, or move it into schema or fetch_page"
        ),
    }
}

/// Why a module can't be imported; `None` if the exception doesn't name it.
fn failed_import(import: &PythonTraceback<'_>, folder: &PythonFolder) -> Option<String> {
    let (_, text) = import.summary();
    let missing = text.strip_prefix("No module named '")?.split('\'').next()?;
    let top = missing.split('.').next().unwrap_or(missing);
    let deepest = import.frames.last()?;
    let statement = import
        .own()
        .map(|frame| frame.statement)
        .filter(|words| !words.is_empty());
    let named = |reason: String| match statement {
        Some(statement) => format!("{statement}: {reason}"),
        None => reason,
    };
    if deepest.owner == FrameOwner::Author {
        return Some(if missing == top {
            missing_module(top, None, folder)
        } else {
            named(format!(
                "the package {top} has no module {missing}, or only one in C; a component takes pure Python only"
            ))
        });
    }
    let package = deepest
        .file
        .split(['/', '.'])
        .next()
        .unwrap_or(deepest.file);
    Some(match deepest.owner {
        FrameOwner::Python => named(format!("a component has no module {missing}")),
        _ if top == package || missing.starts_with('_') => named(format!("{package} {C_CODE}")),
        _ => named(format!(
            "{package} needs the module {missing}: no module named {top}; add it to requirements.txt and run {}",
            folder.install
        )),
    })
}

/// The message for a module that is neither in the folder nor installed. `likely` is the module with the most similar name.
pub(in crate::author::build) fn missing_module(
    module: &str,
    likely: Option<&str>,
    folder: &PythonFolder,
) -> String {
    let PythonFolder { shown, install } = folder;
    let name = match likely {
        Some(likely) => format!("did you mean `{likely}`? If"),
        None => "correct the name, or, if".to_owned(),
    };
    format!(
        "no module named {module}: there is no {module}.py in {shown}/; {name} it is a package, add it to requirements.txt \
         and run {install}"
    )
}

/// What to do about an exception that means that a component lacks something.
fn advice(kind: &str, text: &str, traceback: &PythonTraceback<'_>) -> Option<&'static str> {
    let passed = |file: &str| {
        traceback
            .frames
            .iter()
            .any(|frame| frame.file.ends_with(file))
    };
    Some(match kind {
        "RuntimeError" if text.contains("can't start new thread") => {
            "a component has no threads: do the work in schema or fetch_page, one step after the other"
        }
        _ if passed("/subprocess.py") || passed("/process.py") || text.contains("'WNOHANG'") => {
            "a component can't start programs or processes"
        }
        "gaierror" | "SocketsRefused" => {
            "a component has no sockets: `from weld_connector import requests` sends requests through the host, inside schema or fetch_page"
        }
        _ if passed("/socket.py") => {
            "a component has no sockets: `from weld_connector import requests` sends requests through the host, inside schema or fetch_page"
        }
        "EOFError" => {
            "a component has no terminal to read from: set a variable in the section [env] of the .toml file"
        }
        "KeyError"
            if passed("os>")
                || traceback
                    .exception
                    .iter()
                    .any(|line| line.contains("environ")) =>
        {
            "variables of [env] can be read only inside schema and fetch_page"
        }
        "FileNotFoundError" | "PermissionError" | "NotADirectoryError" => {
            "while the component is built, its files are those of this folder: `Path(__file__).parent / \"NAME\"` names one"
        }
        _ => return None,
    })
}

/// A report for a build that a module ended by itself.
fn ended(said: &str, exits: &[PossibleExit]) -> FailureReport {
    let advice = "remove it, or move it into schema or fetch_page, where raising an exception reports an error";
    let cause = match exits {
        [] => "a module ended the program while the component was built, with sys.exit() or os._exit(), perhaps in a package: leave it out".to_owned(),
        [PossibleExit(file, line, statement)] => {
            format!("{file}:{line}: {statement} ended the build: {advice}")
        }
        [first, ..] => {
            let places: Vec<_> = exits
                .iter()
                .take(3)
                .map(|PossibleExit(file, line, statement)| format!("{statement} in {file}:{line}"))
                .collect();
            format!(
                "{}: a module ended the build with one of these: {}; {advice}",
                first.0,
                places.join("; ")
            )
        }
    };
    FailureReport {
        shown: screenful(said.trim().lines(), 8),
        cause: Some(cause),
    }
}

/// A report for an exception of componentize-py itself, or one that it raises without a traceback.
fn without_traceback(said: &str, causes: &str) -> FailureReport {
    let mut lines: Vec<&str> = said
        .lines()
        .chain(causes.lines())
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.dedup();
    let has = |words: &str| lines.iter().any(|line| line.contains(words));
    let cause = if has("has no attribute 'Source'") {
        Some("app.py: there is no `Source`: end it with `Source = export(…)`, with the connector's class".to_owned())
    } else if has("object is not callable") {
        Some("app.py: `Source` is not a class: end it with `Source = export(…)`, with the connector's class".to_owned())
    } else {
        None
    };
    let shown = if cause.is_some() {
        Vec::new()
    } else {
        // The numbered frames of wasm are those of the interpreter.
        screenful(lines.into_iter().filter(|line| !is_wasm_frame(line)), 8)
    };
    FailureReport { shown, cause }
}

/// A line such as `3: 0x39a940 - libpython3.14.so!Py_Exit`.
fn is_wasm_frame(line: &str) -> bool {
    line.split_once(':').is_some_and(|(number, rest)| {
        number.trim().parse::<u32>().is_ok() && rest.trim_start().starts_with("0x")
    }) || line.ends_with("error while executing at wasm backtrace:")
}

#[cfg(test)]
mod tests;
