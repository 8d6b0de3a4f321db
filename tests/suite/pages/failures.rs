//! How the errors that a connector returns are answered: status, kind, and a message for the person who has to fix
//! it.

use crate::{assert_error, guests, host, host_with, host_with_config};
use serde_json::json;
use weld_host_tests::host::Host;

/// Each of the contract's errors except `rate-limited`, which is not a failure, and what Weld receives for it.
const ERRORS: [(&str, u16, &str); 6] = [
    ("unknown_table", 404, "unknown_table"),
    ("misconfigured", 500, "misconfigured"),
    ("invalid_state", 500, "invalid_state"),
    ("unauthorized", 502, "upstream_unauthorized"),
    ("upstream", 502, "upstream_failed"),
    ("other", 500, "connector_failed"),
];

#[test]
fn error_of_a_page_has_its_status_kind_and_message() {
    let host = host_with(guests::FAILS_AS_REQUESTED);
    for (error, status, kind) in ERRORS {
        let answer = host.weld("guest").page(error, &json!({}));
        let message = assert_error(&answer, status, kind);
        assert_eq!(answer.json()["error"]["connector"], "guest", "{error}");
        let words = if error == "unknown_table" {
            "unknown_table"
        } else {
            "the guest says this"
        };
        assert!(message.contains(words), "{error}: {message}");
    }
}

#[test]
fn error_of_the_schema_has_its_status_and_kind() {
    let mut builder = host();
    for (error, ..) in ERRORS {
        builder = builder
            .plugin(error, guests::FAILS_AS_REQUESTED)
            .config(error, &format!("[env]\nSCHEMA_ERROR = \"{error}\""));
    }
    let host = builder.start();
    for (error, status, kind) in ERRORS {
        assert_error(&host.weld(error).schema(), status, kind);
    }
}

#[test]
fn rate_limited_schema_says_when_to_retry() {
    let config = "[env]\nSCHEMA_ERROR = \"rate_limited\"\nRATE_LIMIT_MS = \"30000\"";
    let host = host_with_config(guests::FAILS_AS_REQUESTED, config);
    let answer = host.weld("guest").schema();
    assert_error(&answer, 429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some("30"));
}

#[test]
fn message_says_what_to_do_about_configuration_and_state() {
    let host = host_with(guests::FAILS_AS_REQUESTED);
    let message = |table| {
        let answer = host.weld("guest").page(table, &json!({}));
        answer.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let misconfigured = message("misconfigured");
    assert!(
        misconfigured.contains("guest.toml"),
        "names the file to fix: {misconfigured}"
    );
    let words = json!({ "words": "add a line in guest.toml" });
    let answer = host.weld("guest").page("misconfigured", &words);
    assert_eq!(
        answer.json()["error"]["message"],
        "the connector is misconfigured: add a line in guest.toml",
        "names the file once"
    );
    let invalid_state = message("invalid_state");
    assert!(
        invalid_state.contains("sync"),
        "says that the sync must start again: {invalid_state}"
    );
}

#[test]
fn malformed_schema_is_refused() {
    const MISTAKES: [&str; 7] = [
        "table_twice",
        "field_twice",
        "field_without_name",
        "key_column_twice",
        "type_no_json",
        "type_with_more_values",
        "default_no_json",
    ];
    let mut builder = host().plugin("sound", guests::DESCRIBES_MALFORMED_TABLES);
    for mistake in MISTAKES {
        builder = builder
            .plugin(mistake, guests::DESCRIBES_MALFORMED_TABLES)
            .config(mistake, &format!("[env]\nMISTAKE = \"{mistake}\""));
    }
    let host = builder.start();
    for mistake in MISTAKES {
        let message = assert_error(&host.weld(mistake).schema(), 500, "invalid_schema");
        assert!(message.contains("rows"), "names the table: {message}");
    }
    assert_eq!(host.weld("sound").schema().status(), 200);
}

#[test]
fn message_of_any_length_is_cut() {
    let host = host_with(guests::FAILS_AS_REQUESTED);
    for (error, status, kind) in ERRORS {
        if error == "unknown_table" {
            continue;
        }
        let state = json!({ "words": "long ", "times": (30 << 20) / 5 });
        let answer = host.weld("guest").page(error, &state);
        let message = assert_error(&answer, status, kind);
        assert!(message.contains("long long"), "{error}: {message}");
        assert!(
            answer.body.len() < 16 << 10,
            "{error}: {} bytes",
            answer.body.len()
        );
        host.log().wait_for_text(kind);
    }
    assert_no_line_is_longer_than(&host, 16 << 10);
}

#[test]
fn message_that_grows_when_it_is_written_is_cut_too() {
    let host = host_with(guests::FAILS_AS_REQUESTED);
    // When escaped, a character may take six bytes, and none may be cut in the middle.
    for words in ["\u{1}", "\u{1f37a}", "\\\""] {
        let state = json!({ "words": words, "times": 1 << 20 });
        let answer = host.weld("guest").page("other", &state);
        assert_error(&answer, 500, "connector_failed");
        assert!(
            answer.body.len() < 32 << 10,
            "{words:?}: {} bytes",
            answer.body.len()
        );
    }
    host.weld("guest").page("the_last_table", &json!({}));
    host.log().wait_for_text("the_last_table");
    assert_no_line_is_longer_than(&host, 32 << 10);
}

#[test]
fn message_cannot_forge_a_line_of_the_log() {
    let host = host_with(guests::FAILS_AS_REQUESTED);
    let forged = "2030-01-01T00:00:00Z ERROR forged";
    for line_break in ["\n", "\r", "\r\n", "\u{b}", "\u{85}"] {
        let words = format!("first{line_break}{forged}\u{1b}[2Jred\u{7}\u{0}");
        for (error, status, kind) in ERRORS {
            if error != "unknown_table" {
                let answer = host.weld("guest").page(error, &json!({ "words": words }));
                assert_error(&answer, status, kind);
            }
        }
        // The table's name from the client can't either.
        let answer = host.weld("guest").page(&words, &json!({}));
        assert_error(&answer, 404, "unknown_table");
    }
    // The log is written in order: once this line is there, the earlier ones are too.
    host.weld("guest").page("the_last_table", &json!({}));
    host.log().wait_for_text("the_last_table");
    let lines = host.log().so_far();
    assert!(
        lines.iter().any(|line| line.contains("forged")),
        "{lines:?}"
    );
    for line in lines {
        assert!(!line.starts_with(forged), "{line:?}");
        assert!(
            !line.contains(|character: char| character.is_control() && character != '\t'),
            "{line:?}"
        );
    }
}

#[test]
fn long_name_is_answered_and_cut_in_the_log() {
    let host = host()
        .plugin("guest", guests::FAILS_AS_REQUESTED)
        .plugin("echo", guests::ECHOES_STATE)
        .start();
    let name = "n".repeat(1 << 10);
    assert_error(
        &host.weld("guest").page(&name, &json!({})),
        404,
        "unknown_table",
    );
    assert_eq!(host.weld("echo").page(&name, &json!({})).status(), 200);
    host.weld("guest").page("the_last_table", &json!({}));
    host.log().wait_for_text("the_last_table");
    assert_no_line_is_longer_than(&host, 2 << 10);
}

/// Checks every line of the log so far.
fn assert_no_line_is_longer_than(host: &Host, bytes: usize) {
    for line in host.log().so_far() {
        assert!(
            line.len() <= bytes,
            "{} bytes: {}…",
            line.len(),
            line.chars().take(500).collect::<String>()
        );
    }
}

#[test]
fn schema_that_is_not_utf8_is_refused() {
    let config = "[env]\nBROKEN_SCHEMA = \"yes\"";
    let host = host_with_config(guests::RETURNS_INVALID_UTF8, config);
    assert_error(&host.weld("guest").schema(), 500, "invalid_schema");
    assert_error(
        &host.weld("guest").page("rows", &json!({})),
        500,
        "invalid_page",
    );
}
