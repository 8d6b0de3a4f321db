//! One spelling for all texts of a value.

use std::collections::BTreeMap;

use super::decimal::Decimal;
use super::kind::JsonKind;
use super::string::{trim, unquote};
use super::walk::{each_element, each_member};
use super::write::quote;

/// How deep values are rewritten. What lies deeper is compared as it is spelled: each level reads all below it again, and
/// no cursor is that deep.
const MAX_DEPTH: usize = 32;

/// Rewrites a JSON text that is known to be well-formed: names sorted, the last of equal names kept, no white space,
/// one spelling for strings and numbers. Texts become equal only where their values are, to the last digit.
pub(crate) fn canonical(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    write(text, 0, &mut written);
    written
}

fn write(text: &str, depth: usize, written: &mut String) {
    let text = trim(text);
    match JsonKind::of(text) {
        JsonKind::Object if depth < MAX_DEPTH => {
            let mut members = BTreeMap::new();
            // The text is well-formed, so all members come.
            let _ = each_member(text, |name, value| {
                members.insert(string(name), value.get());
            });
            written.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    written.push(',');
                }
                written.push_str(name);
                written.push(':');
                write(value, depth + 1, written);
            }
            written.push('}');
        }
        JsonKind::Array if depth < MAX_DEPTH => {
            written.push('[');
            let mut is_first = true;
            let _ = each_element(text, |value| {
                if !std::mem::take(&mut is_first) {
                    written.push(',');
                }
                write(value.get(), depth + 1, written);
            });
            written.push(']');
        }
        JsonKind::String => written.push_str(&string(text)),
        JsonKind::Number => match Decimal::parse(text) {
            Some(number) => written.push_str(&number.to_string()),
            None => written.push_str(text),
        },
        JsonKind::Null | JsonKind::Boolean | JsonKind::Object | JsonKind::Array => {
            written.push_str(text);
        }
    }
}

/// A lone surrogate is no text, so a string with one stays as it is spelled.
fn string(quoted: &str) -> String {
    unquote(quoted).map_or_else(|| quoted.to_owned(), |text| quote(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_one_value_are_one_text() {
        let cases: [&[&str]; 6] = [
            &["{}", " { } ", "{\n}"],
            &[
                r#"{"a":1,"b":[true,null]}"#,
                r#"{ "b" : [ true , null ], "a" : 1 }"#,
                r#"{"\u0062":[true,null],"a":2,"\u0061":1.0}"#,
            ],
            &["1500", "1.5e3", "15E+2", "1500.00", "0.15e4"],
            &["0", "-0", "0.000", "0e99", "-0.0E-7"],
            &["-0.25", "-25e-2", "-2.50e-1"],
            &[r#""é/""#, r#""\u00e9\/""#],
        ];
        for texts in cases {
            for text in texts {
                assert_eq!(canonical(text), canonical(texts[0]), "{text}");
            }
        }
    }

    #[test]
    fn texts_of_other_values_stay_apart() {
        let texts = [
            "{}",
            "[]",
            "null",
            "\"\"",
            "0",
            "1",
            "-1",
            "\"1\"",
            "10",
            "0.1",
            "12345678901234567890123",
            "12345678901234567890124",
            "0.12345678901234567890123",
            "0.12345678901234567890124",
            "1e400",
            "1e401",
            "1e99999999999999999999",
            "1e99999999999999999998",
            r#""\ud800""#,
            r#""\udfff""#,
            r#"["a","b"]"#,
            r#"["b","a"]"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":{"b":2}}"#,
        ];
        for (place, text) in texts.iter().enumerate() {
            for other in texts.iter().skip(place + 1) {
                assert_ne!(canonical(text), canonical(other), "{text} and {other}");
            }
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{}1{}", "[".repeat(500_000), "]".repeat(500_000));
        assert_eq!(canonical(&deep), deep);
    }
}
