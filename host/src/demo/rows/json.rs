//! Writes rows as JSON texts.

use serde::Serialize;

/// Appends a row, with its columns in the order of the struct's fields. It builds no tree or separate text, since
/// making rows is most of the demo API's work.
pub(super) fn append(row: &impl Serialize, json: &mut Vec<u8>) {
    // This can't fail: the rows have only finite numbers, and writing to a `Vec` always succeeds.
    let _ = serde_json::to_writer(json, row);
}

/// The output of `write` as text.
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
