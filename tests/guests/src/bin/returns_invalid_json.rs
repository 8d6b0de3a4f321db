//! Answers texts that are not JSON, in rows or state, as its table says.
//! The host must answer `invalid_page`: spliced into the answer, each text would break it or forge its fields.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let (insert, state) = match table.as_str() {
        "empty" => ("", "{}"),
        "truncated" => (r#"[{"id": 1"#, "{}"),
        "more_than_one_value" => (r#"[], "hasMore": true, "insert": []"#, "{}"),
        "bare_word" => (r#"[{"id": NaN}]"#, "{}"),
        "single_quotes" => ("[{'id': 1}]", "{}"),
        "trailing_comma" => (r#"[{"id": 1},]"#, "{}"),
        "control_character" => ("[{\"id\": \"\n\"}]", "{}"),
        "leading_zero" => (r#"[{"id": 01}]"#, "{}"),
        "empty_state" => ("[]", ""),
        "truncated_state" => ("[]", r#"{"page": "#),
        "state_with_more_values" => ("[]", r#"{}, "hasMore": true"#),
        "array_as_state" => ("[]", "[]"),
        "string_as_state" => ("[]", r#""{}""#),
        _ => return Err(Error::UnknownTable),
    };
    last_page(insert, state)
}

connector!(fetch_page);
