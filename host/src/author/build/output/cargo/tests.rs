use super::super::screen::MOST_ROWS;
use super::*;

fn report(stderr: &str) -> FailureReport {
    cargo_failure(stderr, "`cargo build`")
}

const TWO_ERRORS: &str = "warning: unused variable: `x`\n --> src/lib.rs:9:5\n  |\n9 | let x = 1;\n\n\
    error[E0308]: mismatched types\n   --> src/lib.rs:140:22\n    |\n140 | fn broken() -> u32 { \"text\" }\n    |                ---   ^^^^^^ expected `u32`, found `&str`\n\n\
    error[E0425]: cannot find function `nosuch` in this scope\n   --> src/lib.rs:141:45\n    |\n141 | nosuch();\n\n\
    Some errors have detailed explanations: E0308, E0425.\nFor more information about an error, try `rustc --explain E0308`.\n\
    error: could not compile `connector` (lib) due to 2 previous errors; 1 warning emitted\n";

#[test]
fn errors_are_shown_without_warnings_and_the_first_is_the_cause() {
    let shown = report(TWO_ERRORS);
    assert_eq!(
        shown.cause.as_deref(),
        Some(
            "src/lib.rs:140: error[E0308]: mismatched types; 1 more: run `cargo build` to see all"
        )
    );
    let text = shown.shown.join("\n");
    assert!(
        text.starts_with("error[E0308]: mismatched types\n   --> src/lib.rs:140:22"),
        "{text}"
    );
    assert!(text.ends_with("141 | nosuch();"), "{text}");
    assert!(
        !text.contains("unused") && !text.contains("explain"),
        "{text}"
    );
    // Colors don't matter for the choice, and stay.
    let colored = TWO_ERRORS.replace("error", "\u{1b}[1m\u{1b}[91merror\u{1b}[0m");
    let colored = report(&colored);
    assert_eq!(colored.cause, shown.cause);
    assert_eq!(without_colors(&colored.shown.join("\n")), text);
}

#[test]
fn many_errors_fit_into_a_screen() {
    let many = TWO_ERRORS.repeat(40);
    let report = report(&many);
    assert!(report.shown.len() <= MOST_ROWS, "{:?}", report.shown);
    assert!(
        report
            .cause
            .is_some_and(|cause| cause.contains("; 79 more: "))
    );
}

#[test]
fn errors_of_cargo_keep_their_causes() {
    let manifest = "error: failed to parse manifest at `/home/me/shop/Cargo.toml`\n\nCaused by:\n  no targets specified in the manifest\n";
    let report = report(manifest);
    assert!(
        report
            .shown
            .join("\n")
            .ends_with("Caused by:\n  no targets specified in the manifest")
    );
    assert_eq!(
        report.cause.as_deref(),
        Some(
            "error: failed to parse manifest at `/home/me/shop/Cargo.toml`: no targets specified in the manifest"
        )
    );
    let unknown = cargo_failure("something else\n", "`cargo build`");
    assert_eq!(
        (unknown.shown, unknown.cause),
        (vec!["something else".to_owned()], None)
    );
}

#[test]
fn build_scripts_and_linkers_are_explained_without_their_command_lines() {
    let script = format!(
        "error: failed to run custom build command for `openssl-sys v0.9.109`\n\nCaused by:\n  process didn't exit successfully (exit status: 101)\n  --- stderr\n{}",
        "  a stack of the build script\n".repeat(90)
    );
    let shown = report(&script);
    assert!(shown.shown.len() <= MOST_ROWS, "{:?}", shown.shown);
    assert!(shown.cause.is_some_and(|cause| {
        cause.starts_with("the build script of openssl-sys v0.9.109 failed: ")
    }));

    for (error, after) in [
        (
            "rust-lld: error: lib.o: undefined symbol: curl_easy_init",
            "",
        ),
        (
            "error: failed to encode component",
            "          Caused by:\n              2: failed to resolve import `env::curl_easy_init`\n",
        ),
    ] {
        let linker = format!(
            "error: linking with `wasm-component-ld` failed: exit status: 1\n  |\n  = note:  \"wasm-component-ld\" {}\n  \
             = note: {error}\n          \n{after}\n\
             error: could not compile `connector` (lib) due to 1 previous error\n",
            "\"-L\" ".repeat(3000)
        );
        let shown = report(&linker);
        assert_eq!(shown.shown, [error]);
        assert!(shown.cause.is_some_and(|cause| {
            cause.starts_with("the function `curl_easy_init` is declared, but no crate has it")
        }));
    }
}

#[test]
fn progress_is_distinguished_from_diagnostics() {
    for line in [
        "   Compiling serde v1.0.228",
        "    Finished `release` profile",
        "    Blocking waiting for file lock",
        "\u{1b}[1m\u{1b}[92m   Compiling\u{1b}[0m serde",
    ] {
        assert!(is_cargo_progress(line), "{line}");
    }
    for line in [
        "error: Compiling",
        "    |",
        "140 | Compiling",
        "  Compiling x",
        "Compiling x",
        "",
    ] {
        assert!(!is_cargo_progress(line), "{line}");
    }
}
