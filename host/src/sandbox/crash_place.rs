//! The place of a crash in the source code, which some languages write to stderr before they end the program.
//!
//! Every client learns it, unlike the rest of stderr, such as the message of a panic: that may have data of rows, and is
//! only in the log.

use crate::report;

/// What Rust reports a panic with: `thread 'main' (1) panicked at src/lib.rs:16:70:`. The message follows on the next line.
const RUST_PANIC: &str = " panicked at ";

/// What C reports a failed assertion with: `Assertion failed: n > 0 (shop.c: page: 12)`, all of it source code.
const C_ASSERTION: &str = "Assertion failed: ";

/// How many bytes are shown.
const MAX_BYTES: usize = 200;

/// Where a guest crashed, by the end of its stderr. `None` if nothing there has a known form.
pub(super) fn crash_place(stderr_tail: &str) -> Option<String> {
    let found = stderr_tail.lines().rev().find_map(|line| {
        let line = line.trim();
        if line.starts_with(C_ASSERTION) {
            return Some(line.to_owned());
        }
        let (_, place) = line
            .strip_prefix("thread '")
            .and_then(|line| line.split_once(RUST_PANIC))?;
        let place = place.strip_suffix(':')?;
        is_place(place).then(|| format!("panicked at {place}"))
    });
    found.map(|found| report::shortened(&found, MAX_BYTES))
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
    fn place_is_found_without_the_message() {
        for (stderr, expected) in [
            (
                "fetching\n\nthread '<unnamed>' (1) panicked at src/lib.rs:16:70:\nthe row of Ann is missing\nnote: run with \
                 `RUST_BACKTRACE=1` environment variable to display a backtrace",
                "panicked at src/lib.rs:16:70",
            ),
            (
                "thread 'main' panicked at src/a.rs:1:2:\nfirst\nthread 'main' panicked at src/b.rs:3:4:\nsecond",
                "panicked at src/b.rs:3:4",
            ),
            (
                "Assertion failed: n > 0 (shop.c: page: 12)\n",
                "Assertion failed: n > 0 (shop.c: page: 12)",
            ),
        ] {
            assert_eq!(crash_place(stderr).as_deref(), Some(expected), "{stderr:?}");
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
            assert_eq!(crash_place(stderr), None, "{stderr:?}");
        }
        let long = format!("Assertion failed: {}", "x".repeat(1 << 20));
        assert!(crash_place(&long).unwrap().len() <= MAX_BYTES + '…'.len_utf8());
    }
}
