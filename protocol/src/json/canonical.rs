//! One canonical spelling for all texts of a value.

use std::ops::Range;

use super::decimal::Decimal;
use super::string::{spelled_once, string_end};

/// Rewrites a JSON text that is known to be well-formed: names are sorted, the last of equal names is kept, white
/// space is removed, and strings and numbers get one spelling. Two results are equal only if the values are, to the
/// last digit. Numbers with an exponent beyond 64 bits, and everything deeper than `max_depth` brackets, keep their
/// spelling.
///
/// The time grows with the length of the text, multiplied by the depth of objects whose names are out of order.
pub(crate) fn canonical(text: &str, max_depth: usize) -> String {
    let mut rewriter = Rewriter {
        text,
        at: 0,
        written: String::with_capacity(text.len()),
        open: Vec::new(),
    };
    while let Some(byte) = rewriter.next_byte() {
        rewriter.step(byte, max_depth);
    }
    rewriter.written
}

struct Rewriter<'a> {
    text: &'a str,
    at: usize,
    written: String,
    /// The arrays and objects around the current place, outermost first.
    open: Vec<Container>,
}

struct Container {
    is_object: bool,
    expects_name: bool,
    /// Where its content begins in `written`.
    start: usize,
    /// The members of an object; empty for an array.
    members: Vec<MemberSpan>,
}

/// A member's place in `written`.
struct MemberSpan {
    start: usize,
    name_end: usize,
    end: usize,
}

impl MemberSpan {
    /// Counted from `start`.
    fn name(&self, start: usize) -> Range<usize> {
        self.start - start..self.name_end - start
    }

    fn whole(&self, start: usize) -> Range<usize> {
        self.start - start..self.end - start
    }
}

impl<'a> Rewriter<'a> {
    /// The next byte that is not white space.
    fn next_byte(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let place = rest
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))?;
        self.at += place;
        rest.get(place).copied()
    }

    fn step(&mut self, byte: u8, max_depth: usize) {
        match byte {
            b'{' | b'[' if self.open.len() < max_depth => {
                self.at += 1;
                self.written.push(char::from(byte));
                self.open.push(Container {
                    is_object: byte == b'{',
                    expects_name: byte == b'{',
                    start: self.written.len(),
                    members: Vec::new(),
                });
            }
            b'{' | b'[' => {
                let deep = self.take(deep_end);
                self.written.push_str(deep);
                self.end_value();
            }
            b'}' | b']' => {
                self.at += 1;
                if let Some(container) = self.open.pop() {
                    sort(&mut self.written, container);
                }
                self.written.push(char::from(byte));
                self.end_value();
            }
            b',' => {
                self.at += 1;
                self.written.push(',');
                if let Some(container) = self.open.last_mut() {
                    container.expects_name = container.is_object;
                }
            }
            b':' => self.at += 1,
            b'"' => self.string(),
            b't' | b'f' | b'n' => {
                let word = self.take(scalar_end);
                self.written.push_str(word);
                self.end_value();
            }
            _ => {
                let number = self.take(scalar_end);
                match Decimal::parse(number) {
                    Some(decimal) => self.written.push_str(&decimal.to_plain()),
                    None => self.written.push_str(number),
                }
                self.end_value();
            }
        }
    }

    fn string(&mut self) {
        let start = self.written.len();
        let quoted = self.take(string_end);
        self.written.push_str(&spelled_once(quoted));
        let name_end = self.written.len();
        match self.open.last_mut() {
            Some(container) if container.expects_name => {
                self.written.push(':');
                container.expects_name = false;
                container.members.push(MemberSpan {
                    start,
                    name_end,
                    end: name_end,
                });
            }
            _ => self.end_value(),
        }
    }

    /// Takes the value that begins here. `end` returns its length, at least 1.
    fn take(&mut self, end: impl Fn(&[u8]) -> usize) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = end(rest.as_bytes()).clamp(1, rest.len().max(1));
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn end_value(&mut self) {
        let end = self.written.len();
        let member = self
            .open
            .last_mut()
            .and_then(|open| open.members.last_mut());
        if let Some(member) = member {
            member.end = end;
        }
    }
}

/// Appends the members of an object to `written`, in order.
fn sort(written: &mut String, container: Container) {
    let Container {
        start, mut members, ..
    } = container;
    let content = written.get(start..).unwrap_or_default();
    if members
        .is_sorted_by(|one, next| content.get(one.name(start)) < content.get(next.name(start)))
    {
        return;
    }
    let content = written.split_off(start);
    // The sort is stable, so the last of equal names stays last and counts.
    members.sort_by_key(|member| content.get(member.name(start)));
    let is_kept = |place: usize, member: &MemberSpan| {
        let next = members.get(place + 1);
        next.is_none_or(|next| content.get(next.name(start)) != content.get(member.name(start)))
    };
    for (place, member) in members.iter().enumerate() {
        if is_kept(place, member) {
            if written.len() > start {
                written.push(',');
            }
            written.push_str(content.get(member.whole(start)).unwrap_or_default());
        }
    }
}

/// The length of the number or word at the beginning.
fn scalar_end(rest: &[u8]) -> usize {
    rest.iter()
        .position(|byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r'))
        .unwrap_or(rest.len())
}

/// The length of the array or object at the beginning.
fn deep_end(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = rest.get(at) {
        match byte {
            b'"' => at += string_end(rest.get(at..).unwrap_or_default()).max(1) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: usize = usize::MAX;

    fn nested(levels: usize, inner: &str) -> String {
        format!("{}{inner}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn texts_of_one_value_are_one_text() {
        let cases: [&[&str]; 12] = [
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
            &["[1,[100]]", "[1.0, [1e2]]", "[ 10e-1,[100.00 ] ]"],
            &[
                r#"{"a":{"x":1,"y":{}},"b":[{"c":1,"d":2}]}"#,
                r#"{"b":[{"d":2,"c":1}],"a":{"y":{},"x":1}}"#,
            ],
            &[r#""\ud800""#, r#""\uD800""#],
            &[r#"["\ud800a"]"#, r#"["\uD800\u0061"]"#],
            &["1e400", "10e399", "0.1E+401"],
            &["\"\u{7f}\u{2028}\"", r#""\u007f\u2028""#],
        ];
        for texts in cases {
            assert_eq!(canonical(texts[0], ALL), texts[0]);
            for text in texts {
                assert_eq!(canonical(text, ALL), texts[0], "{text}");
                let deep = canonical(&nested(100, text), ALL);
                assert_eq!(deep, nested(100, texts[0]), "{text}");
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
            r#""\\ud800""#,
            r#"["a","b"]"#,
            r#"["b","a"]"#,
            r#"["a,b"]"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":{"b":2}}"#,
            r#"{"\ud800":1}"#,
            r#"{"\ud801":1}"#,
        ];
        for (place, text) in texts.iter().enumerate() {
            for other in texts.iter().skip(place + 1) {
                assert_ne!(
                    canonical(text, ALL),
                    canonical(other, ALL),
                    "{text} {other}"
                );
            }
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        for max_depth in [ALL, 32] {
            let deep = nested(500_000, "1");
            assert_eq!(canonical(&deep, max_depth), deep);
        }
    }

    #[test]
    fn values_below_the_maximum_depth_keep_their_spelling() {
        let text = r#"[ 1.0 , { "b" : [ 1.0 , "]" ] , "a" : 1.0 } , 1.0 ]"#;
        let cases = [
            (0, text),
            (1, r#"[1,{ "b" : [ 1.0 , "]" ] , "a" : 1.0 },1]"#),
            (2, r#"[1,{"a":1,"b":[ 1.0 , "]" ]},1]"#),
            (3, r#"[1,{"a":1,"b":[1,"]"]},1]"#),
        ];
        for (max_depth, expected) in cases {
            assert_eq!(canonical(text, max_depth), expected, "{max_depth}");
        }
    }
}
