//! Finds integers in a state that some JSON readers would change.

use super::code::FindingCode;
use super::finding::Finding;
use crate::report;

/// 2^53: up to here, a 64-bit float can represent every integer.
const EXACT_TO: &str = "9007199254740992";

/// How many bytes of a path or a number are shown.
const SHOWN_BYTES: usize = 100;

/// A finding if the state contains integers beyond 2^53, at any depth. It names the first one.
pub(super) fn check(state: &str) -> Option<Finding> {
    let (path, number, count) = large_integers(state)?;
    let more = match count {
        1 => String::new(),
        count => format!(" (and {} more)", count.saturating_sub(1)),
    };
    let message = format!(
        "the state has the integer {} in `{}`{more}, beyond 2^53",
        report::shortened(number, SHOWN_BYTES),
        report::shortened(&report::escaped(&path), SHOWN_BYTES)
    );
    Some(Finding::new(FindingCode::LargeInteger, message))
}

/// An object or array around the current position.
enum Nesting<'a> {
    /// An object, with the quoted name of the current member.
    Object(&'a str),
    /// An array, with the index of the current value.
    Array(usize),
}

/// The path and digits of the first large integer in a valid JSON text, and how many there are. Reads the text once,
/// without recursion.
fn large_integers(json: &str) -> Option<(String, &str, usize)> {
    let mut nestings: Vec<Nesting<'_>> = Vec::new();
    let mut first = None;
    let mut count = 0_usize;
    let mut rest = json;
    while let Some(byte) = rest.bytes().next() {
        let length = match byte {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => rest
                .find([',', ']', '}', ' ', '\t', '\n', '\r'])
                .unwrap_or(rest.len()),
            _ => 1,
        };
        let Some((token, after)) = rest.split_at_checked(length) else {
            break;
        };
        match byte {
            b'{' => nestings.push(Nesting::Object("\"\"")),
            b'[' => nestings.push(Nesting::Array(0)),
            b'}' | b']' => {
                nestings.pop();
            }
            b',' => {
                if let Some(Nesting::Array(index)) = nestings.last_mut() {
                    *index = index.saturating_add(1);
                }
            }
            b'"' if after.trim_start().starts_with(':') => {
                if let Some(Nesting::Object(name)) = nestings.last_mut() {
                    *name = token;
                }
            }
            b'-' | b'0'..=b'9' if is_large_integer(token) => {
                count = count.saturating_add(1);
                first.get_or_insert_with(|| (path(&nestings), token));
            }
            _ => {}
        }
        rest = after;
    }
    first.map(|(path, number)| (path, number, count))
}

/// The length of the string at the beginning of a text, including its quotes.
fn string_length(json: &str) -> usize {
    let mut is_escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(json.len(), |end| end.saturating_add(2))
}

fn is_large_integer(number: &str) -> bool {
    let digits = number.trim_start_matches('-');
    digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.len(), digits) > (EXACT_TO.len(), EXACT_TO)
}

/// Formats the path of the current position, such as `cursor.ids[3]`.
fn path(nestings: &[Nesting<'_>]) -> String {
    let mut path = String::new();
    for level in nestings {
        match level {
            Nesting::Object(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                let name = name
                    .strip_prefix('"')
                    .and_then(|name| name.strip_suffix('"'));
                path.push_str(name.unwrap_or_default());
            }
            Nesting::Array(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_beyond_2_to_the_53rd_are_reported_with_their_path() {
        for (state, place) in [
            (r#"{"id": 9007199254740993}"#, "9007199254740993 in `id`,"),
            (r#"{"id":-9007199254740993}"#, "-9007199254740993 in `id`,"),
            (
                r#"{"a": 1, "b": {"c": [0, {"d": [7, 18446744073709551616]}]}, "e": 2}"#,
                "18446744073709551616 in `b.c[1].d[1]`,",
            ),
            (
                r#"{"a": {"x": [1, 2]}, "b": 99999999999999999 , "c": [10000000000000000]}"#,
                "99999999999999999 in `b` (and 1 more),",
            ),
            (
                r#"{"a\"]}:": {"": 9223372036854775807}}"#,
                r#"in `a\"]}:.`,"#,
            ),
        ] {
            let finding = check(state).unwrap();
            assert_eq!(finding.code, FindingCode::LargeInteger);
            assert!(finding.message.contains(place), "{}", finding.message);
        }
        let deep = format!(
            "{}9007199254740993{}",
            "[".repeat(200_000),
            "]".repeat(200_000)
        );
        assert!(check(&deep).is_some());
    }

    #[test]
    fn smaller_numbers_and_strings_are_not_reported() {
        for state in [
            "null",
            "{}",
            r#"{"id": 9007199254740992, "other": -9007199254740992}"#,
            r#"{"id": "9007199254740993", "9007199254740993": 1}"#,
            r#"{"a": "\", 9007199254740993", "b": "\\"}"#,
            r#"{"since": 1780317045.123456789012345, "big": 1e300, "small": 1.5e-7}"#,
            r#"{"at": 1780317045123, "tries": 0, "deep": [[[{"a": -0}]]]}"#,
        ] {
            assert_eq!(check(state), None, "{state}");
        }
    }
}
