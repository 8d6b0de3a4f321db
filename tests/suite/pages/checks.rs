//! Which pages the host accepts and passes on unchanged, and which it refuses, so that Weld never sees a broken one.

use crate::{assert_error, guests, host_with, host_with_config};
use serde_json::{Value, json};
use weld_host_tests::host::Host;

/// Checks that each table's page is refused, and that the host keeps serving.
fn assert_invalid_pages(host: &Host, tables: &[&str]) {
    for table in tables {
        let answer = host.weld("guest").page(table, &json!({}));
        assert_eq!(answer.status(), 500, "{table}: {}", answer.text());
        assert_error(&answer, 500, "invalid_page");
        assert_eq!(answer.json()["error"]["connector"], "guest", "{table}");
    }
    assert_eq!(host.weld("guest").schema().status(), 200);
}

#[test]
fn rows_pass_from_guest_to_weld_unchanged() {
    let host = host_with(guests::RETURNS_ODD_BUT_VALID_JSON);
    let text = host.weld("guest").page("rows", &json!({})).text();
    for part in [
        r#"{"id": 123456789012345678901234567890, "price": 1.10, "é": "\u00e9", "twice": 1, "twice": 2}"#,
        r#""cursor": 18446744073709551616, "z": 1, "a": 2.50"#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
}

#[test]
fn page_of_many_rows_arrives_completely() {
    let host = host_with(guests::MAKES_ROWS);
    let page = host.weld("guest").good_page("2000", &json!({}));
    assert_eq!(page["insert"].as_array().map(Vec::len), Some(2000));
}

#[test]
fn insert_that_is_not_an_array_is_refused() {
    let host = host_with(guests::RETURNS_TEXT_FOR_ROWS);
    assert_invalid_pages(&host, &["string", "object", "null", "number"]);
}

#[test]
fn row_that_is_not_an_object_is_refused() {
    let host = host_with(guests::RETURNS_ROWS_THAT_ARE_NOT_OBJECTS);
    assert_invalid_pages(&host, &["array", "null", "number", "string", "last"]);
}

#[test]
fn text_that_is_not_json_is_refused() {
    let host = host_with(guests::RETURNS_INVALID_JSON);
    let tables = [
        "empty",
        "truncated",
        "more_than_one_value",
        "bare_word",
        "single_quotes",
        "trailing_comma",
        "control_character",
        "leading_zero",
        "empty_state",
        "truncated_state",
        "state_with_more_values",
        "array_as_state",
        "string_as_state",
    ];
    assert_invalid_pages(&host, &tables);
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let host = host_with(guests::RETURNS_INVALID_UTF8);
    assert_invalid_pages(&host, &["rows", "state", "error"]);
}

#[test]
fn state_may_be_null_only_at_the_end_of_a_table() {
    let host = host_with(guests::FORGETS_ITS_STATE);
    assert_invalid_pages(&host, &["more"]);
    let page = host.weld("guest").good_page("last", &json!({ "page": 7 }));
    assert_eq!(
        page,
        json!({ "insert": [{ "id": 1 }], "state": null, "hasMore": false })
    );
}

#[test]
fn reserved_key_in_a_guests_state_is_refused_in_every_spelling() {
    let host = host_with(guests::WRITES_THE_RESERVED_KEY);
    assert_invalid_pages(&host, &["plain", "escaped", "null"]);
    let page = host.weld("guest").good_page("nested", &json!({}));
    assert_eq!(
        page["state"],
        json!({ "inner": { "weld-host": 1 } }),
        "only the outermost object is the host's"
    );
}

#[test]
fn deep_json_from_a_guest_does_not_harm_the_host() {
    let host = host_with(guests::RETURNS_DEEP_JSON);
    assert_invalid_pages(&host, &["arrays"]);
    for table in ["value", "objects", "state"] {
        let answer = host.weld("guest").page(table, &json!({}));
        if answer.status() != 200 {
            assert_eq!(answer.status(), 500, "{table}: {}", answer.start);
            let kind = answer.json()["error"]["kind"].clone();
            assert!(
                ["invalid_page", "state_too_large"].contains(&kind.as_str().unwrap()),
                "{table}: {kind}"
            );
        }
        assert_eq!(
            host.weld("guest").schema().status(),
            200,
            "the host keeps serving after {table}"
        );
    }
}

#[test]
fn page_over_its_limit_is_refused_and_one_below_passes() {
    let host = host_with_config(guests::RETURNS_HUGE_PAGE, "[limits]\npage-size = \"4MiB\"");
    // The refusal is the same far beyond the limit.
    for mebibytes in ["5", "40"] {
        let answer = host.weld("guest").page(mebibytes, &json!({}));
        assert_error(&answer, 500, "page_too_large");
    }
    let page = host.weld("guest").good_page("3", &json!({}));
    let sizes: Vec<usize> = page["insert"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.to_string().len())
        .collect();
    assert_eq!(sizes, [1 << 20; 3]);
}

#[test]
fn state_over_its_limit_is_refused_and_one_below_passes() {
    let host = host_with_config(
        guests::RETURNS_HUGE_STATE,
        "[limits]\nstate-size = \"64KiB\"",
    );
    assert_error(
        &host.weld("guest").page("65", &json!({})),
        500,
        "state_too_large",
    );
    assert_error(
        &host.weld("guest").page("2000", &json!({})),
        500,
        "state_too_large",
    );
    let page = host.weld("guest").good_page("63", &json!({}));
    assert_eq!(page["state"].to_string().len(), 63 << 10);
}
