//! What a response's head says about the end of its body.

use super::fault::HeadFault;
use crate::report;

/// The greatest length of a body that the client accepts.
const MAX_LENGTH: u64 = u64::MAX - 2;

/// How much of a value is shown.
const SHOWN_BYTES: usize = 100;

/// What the lines of one head say about the end of its body.
#[derive(Debug, Default)]
pub(super) struct HeadFraming {
    /// Whether the response is HTTP/1.0.
    is_old: bool,
    /// Whether the response has no body, whatever its headers say.
    is_bodiless: bool,
    length: LengthWord,
    coding: Option<CodingWord>,
    has_length: bool,
    names_no_coding: bool,
}

/// The content of `Content-Length`.
#[derive(Debug, Default)]
enum LengthWord {
    /// None, or a value on several lines, which is left to the parser.
    #[default]
    None,
    Bytes(u64),
    Bad(HeadFault),
}

/// What `Transfer-Encoding` says about the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CodingWord {
    Chunked,
    /// The body extends to the end of the connection, or the parser decides.
    Other,
}

/// The framing of a response's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BodyForm {
    pub(super) is_chunked: bool,
    /// Whether there is a length, too, which is ignored.
    pub(super) has_length: bool,
    /// Whether a transfer-coding is `identity`, or empty.
    pub(super) names_no_coding: bool,
}

impl HeadFraming {
    /// For a head whose first line is this.
    pub(super) fn of(status_line: &[u8]) -> Self {
        let code = status_line.get(9..12).unwrap_or_default();
        Self {
            is_old: status_line.starts_with(b"HTTP/1.0"),
            is_bodiless: matches!(code, [b'1', _, _] | b"204" | b"304"),
            ..Self::default()
        }
    }

    /// Notes a header that can be read. Nearly all are irrelevant, which their first letters show.
    pub(super) fn note(&mut self, name: &[u8], value: &[u8]) {
        match name.first() {
            Some(b'c' | b'C') if is(name, "content-length") => self.note_length(value),
            Some(b't' | b'T') if is(name, "transfer-encoding") => self.note_coding(value),
            _ => {}
        }
    }

    /// Notes that a header continues on another line.
    pub(super) fn note_folded(&mut self, name: &[u8]) {
        if is(name, "content-length") {
            self.length = LengthWord::None;
        } else if is(name, "transfer-encoding") {
            self.coding = Some(CodingWord::Other);
        }
    }

    fn note_length(&mut self, value: &[u8]) {
        self.has_length = true;
        for member in value.split(|byte| *byte == b',') {
            let member = member.trim_ascii();
            let bytes = str::from_utf8(member)
                .ok()
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|text| text.parse().ok())
                .filter(|bytes| *bytes <= MAX_LENGTH);
            self.length = match (&self.length, bytes) {
                (LengthWord::Bad(_), _) => return,
                (_, None) => LengthWord::Bad(HeadFault::Length(report::shortened(
                    &String::from_utf8_lossy(member),
                    SHOWN_BYTES,
                ))),
                (LengthWord::Bytes(before), Some(bytes)) if *before != bytes => {
                    LengthWord::Bad(HeadFault::Lengths(*before, bytes))
                }
                (_, Some(bytes)) => LengthWord::Bytes(bytes),
            };
        }
    }

    /// The last line counts, and its last member, as in the client.
    fn note_coding(&mut self, value: &[u8]) {
        let mut last: &[u8] = b"";
        for member in value.split(|byte| *byte == b',') {
            last = member.trim_ascii();
            self.names_no_coding |= last.is_empty() || last.eq_ignore_ascii_case(b"identity");
        }
        self.coding = Some(if last.eq_ignore_ascii_case(b"chunked") {
            CodingWord::Chunked
        } else {
            CodingWord::Other
        });
    }

    /// The framing of the body in an answer to HEAD or to another request.
    ///
    /// # Errors
    ///
    /// The end of the body can't be determined.
    pub(super) fn body(self, is_of_head: bool) -> Result<BodyForm, HeadFault> {
        let form = BodyForm {
            is_chunked: self.coding == Some(CodingWord::Chunked),
            has_length: self.has_length,
            names_no_coding: self.names_no_coding,
        };
        if is_of_head || self.is_bodiless {
            return Ok(BodyForm {
                is_chunked: false,
                ..form
            });
        }
        match (self.coding, self.length) {
            (Some(_), _) if self.is_old => Err(HeadFault::OldCoding),
            (None, LengthWord::Bad(fault)) => Err(fault),
            _ => Ok(form),
        }
    }
}

fn is(name: &[u8], expected: &str) -> bool {
    name.eq_ignore_ascii_case(expected.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a head with these lines says about the body, or what is wrong with it.
    fn said(status_line: &str, lines: &[(&str, &str)], is_of_head: bool) -> Result<bool, String> {
        let mut framing = HeadFraming::of(status_line.as_bytes());
        for (name, value) in lines {
            framing.note(name.as_bytes(), value.as_bytes());
        }
        let form = framing.body(is_of_head);
        form.map(|form| form.is_chunked)
            .map_err(|fault| fault.to_string())
    }

    const OK: &str = "HTTP/1.1 200 OK";

    #[test]
    fn chunks_are_recognized_as_the_client_recognizes_them() {
        for (values, is_chunked) in [
            (&["chunked"][..], true),
            (&[" Chunked\t"], true),
            (&["gzip, chunked"], true),
            (&["gzip", "chunked"], true),
            (&["chunked", "gzip"], false),
            (&["chunked,"], false),
            (&["chunked;a=b"], false),
            (&["identity"], false),
            (&[], false),
        ] {
            let lines: Vec<_> = values
                .iter()
                .map(|value| ("Transfer-Encoding", *value))
                .collect();
            assert_eq!(said(OK, &lines, false), Ok(is_chunked), "{values:?}");
            assert_eq!(said(OK, &lines, true), Ok(false), "{values:?} of HEAD");
            for bodiless in ["HTTP/1.1 204 No", "HTTP/1.1 304 Not", "HTTP/1.0 304 Not"] {
                assert_eq!(said(bodiless, &lines, false), Ok(false), "{values:?}");
            }
            let old = said("HTTP/1.0 200 OK", &lines, false);
            assert_eq!(old.is_err(), !values.is_empty(), "{values:?}: {old:?}");
        }
    }

    #[test]
    fn invalid_lengths_are_reported_unless_they_have_no_effect() {
        for (values, named) in [
            (&["0"][..], ""),
            (&["5", "5"], ""),
            (&["5, 5"], ""),
            (&["18446744073709551613"], ""),
            (&["18446744073709551614"], "`18446744073709551614`"),
            (&["18446744073709551615"], "`18446744073709551615`"),
            (&["99999999999999999999999"], "`99999999999999999999999`"),
            (&["-1"], "`-1`"),
            (&["+5"], "`+5`"),
            (&["0x10"], "`0x10`"),
            (&["5.0"], "`5.0`"),
            (&["five"], "`five`"),
            (&[""], "``"),
            (&["5,"], "``"),
            (&["5", "6"], "5 and 6"),
            (&["5, 6"], "5 and 6"),
            (&["5", "5", "6"], "5 and 6"),
            (&["-1", "5"], "`-1`"),
        ] {
            let mut lines: Vec<_> = values
                .iter()
                .map(|value| ("content-Length", *value))
                .collect();
            let text = said(OK, &lines, false).err().unwrap_or_default();
            assert_eq!(text.is_empty(), named.is_empty(), "{values:?}: {text}");
            assert!(text.contains(named), "{values:?}: {text}");
            assert_eq!(said(OK, &lines, true), Ok(false), "{values:?} of HEAD");
            assert_eq!(said("HTTP/1.1 304 Not", &lines, false), Ok(false));
            lines.push(("transfer-encoding", "chunked"));
            assert_eq!(
                said(OK, &lines, false),
                Ok(true),
                "{values:?} beside chunks"
            );
        }
    }
}
