//! What becomes of the errors that a connector returns: status, kind, and a message for who must mend it.

use crate::{assert_error, guests, host, host_with, host_with_config};
use serde_json::json;

/// Each of the contract's errors but `rate-limited`, which is no failure, and what Weld gets for it.
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
    let host = host_with(guests::FAILS_AS_TOLD);
    for (error, status, kind) in ERRORS {
        let answer = host.weld("guest").page(error, &json!({}));
        let message = assert_error(&answer, status, kind);
        assert_eq!(answer.json()["error"]["connector"], "guest", "{error}");
        let words = if error == "unknown_table" {
            "unknown_table"
        } else {
            "the guest says"
        };
        assert!(message.contains(words), "{error}: {message}");
    }
}

#[test]
fn error_of_the_schema_has_its_status_and_kind() {
    let mut builder = host();
    for (error, ..) in ERRORS {
        builder = builder
            .plugin(error, guests::FAILS_AS_TOLD)
            .config(error, &format!("[env]\nSCHEMA_ERROR = \"{error}\""));
    }
    let host = builder.start();
    for (error, status, kind) in ERRORS {
        assert_error(&host.weld(error).schema(), status, kind);
    }
}

#[test]
fn rate_limited_schema_says_when_to_come_again() {
    let config = "[env]\nSCHEMA_ERROR = \"rate_limited\"\nRATE_LIMIT_MS = \"30000\"";
    let host = host_with_config(guests::FAILS_AS_TOLD, config);
    let answer = host.weld("guest").schema();
    assert_error(&answer, 429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some("30"));
}

#[test]
fn message_says_what_to_do_about_configuration_and_state() {
    let host = host_with(guests::FAILS_AS_TOLD);
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
        "names the file to mend: {misconfigured}"
    );
    let invalid_state = message("invalid_state");
    assert!(
        invalid_state.contains("sync"),
        "says that the sync must begin anew: {invalid_state}"
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
