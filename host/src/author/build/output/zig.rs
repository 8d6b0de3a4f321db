//! The output of zig's C compiler: diagnostics of Clang and of the linker.

use std::path::Path;

use super::screen::{FailureReport, screenful, without_colors};

/// Reduces the stderr of a failed compilation to the errors, with paths relative to `folder`.
pub(in crate::author::build) fn zig_failure(stderr: &str, folder: &Path) -> FailureReport {
    let within = format!("{}/", folder.display());
    let text = without_colors(stderr).replace(&within, "");
    let mut lines: Vec<&str> = Vec::new();
    let mut errors = Vec::new();
    let mut shows = true;
    for line in text.trim().lines() {
        if let Some(severity) = severity(line) {
            // A note belongs to the diagnostic before it.
            shows = severity == "error" || (shows && severity == "note");
            if severity == "error" {
                errors.push(line);
            }
        }
        if shows && !is_count(line) {
            lines.push(line);
        }
    }
    FailureReport {
        cause: errors.first().map(|first| cause(first, errors.len())),
        shown: screenful(lines, 0),
    }
}

/// The severity of a line that begins a diagnostic, such as `shop.c:2:10: fatal error: 'x.h' file not found`.
fn severity(line: &str) -> Option<&'static str> {
    if line.starts_with(' ') {
        return None;
    }
    [
        (": error: ", "error"),
        (": fatal error: ", "error"),
        (": warning: ", "warning"),
        (": note: ", "note"),
    ]
    .into_iter()
    .find(|(mark, _)| line.contains(mark))
    .map(|(_, severity)| severity)
}

/// Lines that count the diagnostics.
fn is_count(line: &str) -> bool {
    line.ends_with(" generated.") || line.starts_with("fatal error: too many errors")
}

fn cause(first: &str, errors: usize) -> String {
    let more = match errors {
        1 => String::new(),
        2 => "; 1 more error".to_owned(),
        number => format!("; {} more errors", number - 1),
    };
    if let Some((_, symbol)) = first.split_once("undefined symbol: ") {
        let symbol = symbol.trim();
        return if symbol.starts_with("exports_weld_connector_") {
            format!(
                "the connector has no function `{symbol}`: define it as weld/connector.h declares it{more}"
            )
        } else {
            format!(
                "the function `{symbol}` is declared, but no source has it: a component can't use libraries of the system; add the function's source to the folder{more}"
            )
        };
    }
    let place = first.split(": ").next().unwrap_or(first);
    let mut parts = place.rsplitn(3, ':');
    let (_, line, file) = (parts.next(), parts.next(), parts.next());
    let text = first
        .split_once("error: ")
        .map_or(first, |(_, text)| text)
        .trim();
    match (file, line) {
        (Some(file), Some(line)) if line.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{file}:{line}: {text}{more}")
        }
        _ => format!("{text}{more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(stderr: &str) -> FailureReport {
        zig_failure(stderr, Path::new("/home/me/shop"))
    }

    #[test]
    fn diagnostics_have_the_authors_paths_and_the_first_error_is_the_cause() {
        let report = report(
            "/home/me/shop/shop.c:9:7: warning: unused variable 'unused' [-Wunused-variable]\n\
             \x20   9 |   int unused;\n\
             /home/me/shop/shop.c:42:19: error: expected ';' at end of declaration\n\
             \x20  42 |   size_t count = 0 at = 0;\n\
             \x20     |                   ^\n\
             /home/me/shop/shop.c:43:32: error: use of undeclared identifier 'at'\n\
             1 warning and 2 errors generated.\n",
        );
        assert_eq!(
            report.cause.as_deref(),
            Some("shop.c:42: expected ';' at end of declaration; 1 more error")
        );
        assert_eq!(
            report.shown,
            [
                "shop.c:42:19: error: expected ';' at end of declaration",
                "   42 |   size_t count = 0 at = 0;",
                "      |                   ^",
                "shop.c:43:32: error: use of undeclared identifier 'at'",
            ]
        );
    }

    #[test]
    fn missing_functions_and_files_say_what_to_do() {
        for (stderr, words) in [
            (
                "wasm-ld: error: /home/me/shop/dist/shop.core.wasm.lto.o: undefined symbol: exports_weld_connector_source_schema",
                "the connector has no function `exports_weld_connector_source_schema`: define it as weld/connector.h",
            ),
            (
                "wasm-ld: error: /home/me/shop/dist/shop.core.wasm.lto.o: undefined symbol: curl_easy_init",
                "the function `curl_easy_init` is declared, but no source has it: a component can't use libraries",
            ),
            (
                "/home/me/shop/shop.c:2:10: fatal error: 'nosuch.h' file not found\n    2 | #include \"nosuch.h\"\n1 error generated.",
                "shop.c:2: 'nosuch.h' file not found",
            ),
        ] {
            let cause = report(stderr).cause.expect("the cause is known");
            assert!(cause.starts_with(words), "{cause}");
        }
    }

    #[test]
    fn unknown_output_is_shown_without_a_cause() {
        let report = report("error: unable to open file\nout of space\n");
        assert_eq!(report.cause, None);
        assert_eq!(report.shown, ["error: unable to open file", "out of space"]);
    }
}
