//! Answers rows and state that a parser would change: numbers beyond a double, repeated keys, spaces, escapes.
//! The host must pass them on unchanged.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    last_page(
        r#" [ {"id": 123456789012345678901234567890, "price": 1.10, "é": "\u00e9", "twice": 1, "twice": 2}
] "#,
        r#"{"cursor": 18446744073709551616, "z": 1, "a": 2.50}"#,
    )
}

connector!(fetch_page);
