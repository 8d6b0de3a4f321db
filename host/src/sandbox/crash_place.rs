//! The cause of a crash, as some languages write it to stderr before they end the program.
//!
//! Every client learns the place in the source code, unlike the rest of stderr, such as the message of a panic: that may have
//! data of rows. It is only in the log, and in the output of commands for the connector's author.

use wasmtime::{FrameInfo, WasmBacktrace};

use crate::guest_error::NO_FILES;
use crate::report;

/// How much of what a guest wrote before a crash is in the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CrashDetail {
    /// The place in the source code.
    #[default]
    Place,
    /// Also its last words: the message of a panic, or the last line on stderr.
    LastWords,
}

/// What Rust reports a panic with: `thread 'main' (1) panicked at src/lib.rs:16:70:`. The message follows on the next line.
const RUST_PANIC: &str = " panicked at ";

/// The beginnings of the lines with which Rust follows the message.
const AFTER_MESSAGE: [&str; 2] = ["note: run with ", "stack backtrace:"];

/// What C reports a failed assertion with: `Assertion failed: n > 0 (shop.c: page: 12)`, all of it source code.
const C_ASSERTION: &str = "Assertion failed: ";

/// How many bytes of a place, or of the name of a function, are shown.
const MAX_PLACE_BYTES: usize = 200;

/// How many bytes of a message are shown.
const MAX_MESSAGE_BYTES: usize = 1000;

/// How Rust shows the error of WASI for a file that doesn't exist, which is every file.
const NO_FILE: &str = "Os { code: 44, ";

/// Functions of libc that read a file, and crash if it could not be opened and nobody has checked that.
const OF_FILES: [&str; 16] = [
    "fread", "fgets", "fgetc", "getc", "getline", "getdelim", "ungetc", "vfscanf", "fscanf",
    "fseek", "__fseeko", "ftell", "rewind", "feof", "fclose", "__uflow",
];

/// Functions of libc and of the kit that a connector's own function calls, or that call it.
const OF_OTHERS: [&str; 12] = [
    "abort", "raise", "malloc", "calloc", "realloc", "free", "memcpy", "memmove", "memset",
    "memcmp", "strlen", "strcmp",
];

/// Why a guest crashed, by the end of its stderr. `None` if nothing there has a known form.
pub(super) fn crash_cause(stderr_tail: &str, detail: CrashDetail) -> Option<String> {
    let lines: Vec<&str> = stderr_tail.lines().map(str::trim).collect();
    let mut places = lines.iter().enumerate().rev();
    let (number, place) = places.find_map(|(number, line)| Some((number, place(line)?)))?;
    let message: Vec<&str> = lines
        .iter()
        .skip(number.saturating_add(1))
        .take_while(|line| !AFTER_MESSAGE.iter().any(|start| line.starts_with(start)))
        .copied()
        .collect();
    let message = message.join(" ");
    let mut cause = report::shortened(&place, MAX_PLACE_BYTES);
    if detail == CrashDetail::LastWords && !message.is_empty() {
        cause = format!(
            "{cause}: {}",
            report::shortened(&message, MAX_MESSAGE_BYTES)
        );
    }
    if message.contains(NO_FILE) {
        cause = format!("{cause}; {NO_FILES}");
    }
    Some(cause)
}

/// The cause of a crash for which stderr has no place: what ended the program, and, as far as `detail` permits it, the
/// connector's own function in C and the last line on stderr.
pub(super) fn unplaced_cause(
    end: &str,
    backtrace: Option<&WasmBacktrace>,
    stderr_tail: &str,
    detail: CrashDetail,
) -> String {
    let frames = backtrace.map(WasmBacktrace::frames).unwrap_or_default();
    let names: Vec<&str> = frames.iter().filter_map(FrameInfo::func_name).collect();
    cause_in(end, &names, stderr_tail, detail)
}

/// [`unplaced_cause`], with the names of the functions that were running, the innermost first.
fn cause_in(end: &str, names: &[&str], stderr_tail: &str, detail: CrashDetail) -> String {
    let mut cause = end.to_owned();
    // The name of the export in the bindings; other languages have other names.
    let is_c = names
        .iter()
        .any(|name| name.contains("exports_weld_connector_source_"));
    if detail == CrashDetail::LastWords {
        let own = names.iter().find(|name| is_own(name)).filter(|_| is_c);
        if let Some(own) = own {
            cause = format!(
                "{cause} in {}",
                report::shortened(&report::escaped(own), MAX_PLACE_BYTES)
            );
        }
        let last = stderr_tail
            .lines()
            .map(str::trim)
            .rfind(|line| !line.is_empty());
        if let Some(last) = last.filter(|_| is_c) {
            let last = report::shortened(last, MAX_MESSAGE_BYTES);
            cause = format!("{cause}, after it had written: {last}");
        }
    }
    if is_c && names.iter().any(|name| OF_FILES.contains(name)) {
        cause = format!("{cause}; {NO_FILES}");
    }
    cause
}

/// Whether this is the name of a function of a connector in C, and not of its kit, its bindings or libc.
fn is_own(name: &str) -> bool {
    let is_others = ["_", "weld_", "exports_weld_", "cabi_"]
        .iter()
        .any(|start| name.starts_with(start));
    let is_word = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_';
    !is_others
        && name.bytes().all(is_word)
        && !OF_FILES.contains(&name)
        && !OF_OTHERS.contains(&name)
}

/// The place that a line of stderr names, in the words of its language.
fn place(line: &str) -> Option<String> {
    if line.starts_with(C_ASSERTION) {
        return Some(line.to_owned());
    }
    let (_, place) = line
        .strip_prefix("thread '")
        .and_then(|line| line.split_once(RUST_PANIC))?;
    let place = place.strip_suffix(':')?;
    is_place(place).then(|| format!("panicked at {place}"))
}

/// Whether a text is a file with a line and a column. Old versions of Rust have the message before it.
fn is_place(text: &str) -> bool {
    let mut parts = text.rsplitn(3, ':');
    let is_number = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    is_number(parts.next())
        && is_number(parts.next())
        && parts
            .next()
            .is_some_and(|file| file.ends_with(".rs") && !file.contains(['\'', '"']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_is_found_and_the_message_only_for_the_author() {
        for (stderr, expected, message) in [
            (
                "fetching\n\nthread '<unnamed>' (1) panicked at src/lib.rs:16:70:\nthe row of Ann is missing\nnote: run with \
                 `RUST_BACKTRACE=1` environment variable to display a backtrace",
                "panicked at src/lib.rs:16:70",
                ": the row of Ann is missing",
            ),
            (
                "thread 'main' panicked at src/a.rs:1:2:\nfirst\nthread 'main' panicked at src/b.rs:3:4:\nsecond\nline",
                "panicked at src/b.rs:3:4",
                ": second line",
            ),
            (
                "Assertion failed: n > 0 (shop.c: page: 12)\n",
                "Assertion failed: n > 0 (shop.c: page: 12)",
                "",
            ),
        ] {
            let cause = |detail| crash_cause(stderr, detail);
            assert_eq!(
                cause(CrashDetail::Place).as_deref(),
                Some(expected),
                "{stderr:?}"
            );
            let whole = format!("{expected}{message}");
            assert_eq!(cause(CrashDetail::LastWords), Some(whole), "{stderr:?}");
        }
        for stderr in [
            "",
            "page 3",
            "he panicked at noon",
            "thread 'main' panicked at 'the row of Ann', src/lib.rs:1:2",
            "thread 'main' panicked at 'the row of Ann', src/lib.rs:1:2:",
            "thread 'main' panicked at the row of Ann:",
            "thread 'main' panicked at :1:2:",
        ] {
            assert_eq!(
                crash_cause(stderr, CrashDetail::LastWords),
                None,
                "{stderr:?}"
            );
        }
        let long = format!(
            "Assertion failed: {0}\nthread 'main' panicked at {0}.rs:1:2:\n{0}",
            "x".repeat(1 << 20)
        );
        let cause = crash_cause(&long, CrashDetail::LastWords).unwrap();
        assert!(
            cause.len() <= MAX_PLACE_BYTES + MAX_MESSAGE_BYTES + 20,
            "{}",
            cause.len()
        );
    }

    #[test]
    fn attempt_to_open_a_file_is_explained_to_everyone() {
        let stderr = "thread 'main' panicked at src/lib.rs:1:2:\ncalled `Result::unwrap()` on an `Err` value: Os { code: 44, \
                      kind: NotFound, message: \"No such file or directory\" }";
        let told = crash_cause(stderr, CrashDetail::Place).unwrap();
        assert_eq!(told, format!("panicked at src/lib.rs:1:2; {NO_FILES}"));
        let export = "exports_weld_connector_source_fetch_page";
        let told = |names: &[&str]| cause_in("wasm trap: x", names, "", CrashDetail::Place);
        assert_eq!(
            told(&["__uflow", "rows", export]),
            format!("wasm trap: x; {NO_FILES}")
        );
        assert_eq!(told(&["__uflow", "PyRun_File"]), "wasm trap: x");
    }

    #[test]
    fn crash_in_c_names_the_connectors_function_and_the_last_line() {
        let export = "__wasm_export_exports_weld_connector_source_fetch_page";
        for (names, stderr, expected) in [
            (
                &["abort", "weld_add", "rows", "page", export][..],
                "one\nno rows\n\n",
                " in rows, after it had written: no rows",
            ),
            (&["memcpy", export], "", ""),
            (&["a#b", "rows", export], "", " in rows"),
            (&["JS_Throw", "run"], "words", ""),
            (&[], "words", ""),
        ] {
            let told = |detail| cause_in("wasm trap: x", names, stderr, detail);
            assert_eq!(told(CrashDetail::Place), "wasm trap: x", "{names:?}");
            assert_eq!(
                told(CrashDetail::LastWords),
                format!("wasm trap: x{expected}")
            );
        }
    }
}
