//! Writes a row as a line.

use serde_json::value::RawValue;

use super::error::DestinationError;

/// Appends the row without its line breaks. In JSON, unescaped line breaks can only occur between values (RFC 8259,
/// section 7).
///
/// # Errors
///
/// `Row` if it is not an object; `place` is its index in the page, from 0.
pub(super) fn push_row(
    lines: &mut Vec<u8>,
    table: &str,
    place: usize,
    row: &RawValue,
) -> Result<(), DestinationError> {
    let text = row.get();
    if !text.starts_with('{') {
        return Err(DestinationError::Row {
            table: table.to_owned(),
            row: place.saturating_add(1),
        });
    }
    for part in text.split(['\n', '\r']) {
        lines.extend_from_slice(part.as_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::raw;
    use super::*;

    #[test]
    fn a_row_becomes_one_line_with_the_same_content() {
        let cases = [
            ("{}", "{}"),
            (" {\"a\": 1.10}\n", "{\"a\": 1.10}"),
            (
                "{\r\n  \"a\": \"x\\ny\",\n  \"b\": [\n1]\n}",
                "{  \"a\": \"x\\ny\",  \"b\": [1]}",
            ),
        ];
        for (row, line) in cases {
            let mut lines = Vec::new();
            push_row(&mut lines, "t", 0, &raw(row)).unwrap();
            assert_eq!(String::from_utf8(lines).unwrap(), line);
        }
    }

    #[test]
    fn a_row_that_is_not_an_object_is_reported_with_its_number() {
        for row in ["1", "null", "[]", "\"{}\""] {
            let error = push_row(&mut Vec::new(), "t", 2, &raw(row)).unwrap_err();
            assert!(
                matches!(error, DestinationError::Row { row: 3, .. }),
                "{row}: {error:?}"
            );
        }
    }
}
