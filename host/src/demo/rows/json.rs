//! Rows as JSON texts.

use serde::Serialize;

/// Appends a row, with its columns in the order of the struct's fields, without a tree or a text of its own in between:
/// making rows is most of what the demo API does.
pub(super) fn append(row: &impl Serialize, json: &mut Vec<u8>) {
    // The rows' structs have finite numbers, and a `Vec` takes every write: nothing can fail.
    let _ = serde_json::to_writer(json, row);
}

/// What is written, as text.
pub(super) fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut json = Vec::new();
    write(&mut json);
    // JSON is UTF-8.
    String::from_utf8(json).unwrap_or_default()
}

/// The id of the row at `index`.
pub(super) fn id(index: u64) -> u64 {
    index.saturating_add(1)
}
