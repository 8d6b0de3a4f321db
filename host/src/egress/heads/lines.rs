//! The lines of a response's head, judged by the parser's rules.

use super::fault::{HeadFault, MAX_HEAD_BYTES, MAX_RESPONSE_HEADERS};
use super::framing::HeadFraming;
use super::line_bytes::LineBytes;
use super::location;
use crate::report;

/// The longest name of a header: longer than any in use.
pub(super) const MAX_NAME_BYTES: usize = 1 << 10;

/// How much of a line is kept until its end has arrived. The rest of a value is checked as it passes.
const KEPT_BYTES: usize = 2 * MAX_NAME_BYTES;

/// How much of a name is shown.
const SHOWN_BYTES: usize = 100;

/// What the parser does with a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LineVerdict {
    Good,
    /// It leaves out the header of this name, or with this text in place of a name.
    LeftOut(String),
    /// It joins the lines of this header.
    Folded(String),
    /// It leaves out a `Location`, which has this value once its bytes are escaped.
    Location(String),
    /// No line follows this one: the head has ended.
    Last,
}

/// Headers that determine the end of a body.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

/// Headers without which a coded body would pass undecoded.
const CODING: [&str; 1] = ["content-encoding"];

/// The lines of one head as they arrive.
#[derive(Debug, Default)]
pub(super) struct HeadLines {
    /// The beginning of a line whose end has not arrived, and the kinds of its bytes.
    begun: Vec<u8>,
    begun_bytes: LineBytes,
    bytes: usize,
    headers: usize,
    status: StatusLine,
    /// Whether they come after a body, where nothing depends on them.
    are_trailers: bool,
    framing: HeadFraming,
    /// The header that a folded line would belong to, and its name.
    last: LastHeader,
    last_name: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum StatusLine {
    #[default]
    Awaited,
    /// Another head follows (RFC 9110, section 15.2).
    Interim,
    Final,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum LastHeader {
    #[default]
    None,
    Good,
    LeftOut,
}

impl HeadLines {
    /// The lines after the last chunk of a body.
    pub(super) fn of_trailers() -> Self {
        Self {
            status: StatusLine::Final,
            are_trailers: true,
            ..Self::default()
        }
    }

    /// What the lines have said about the end of the body.
    pub(super) fn into_framing(self) -> HeadFraming {
        self.framing
    }

    /// Whether no line has arrived yet.
    pub(super) fn are_at_the_beginning(&self) -> bool {
        self.bytes == 0
    }

    /// Judges the next line, whose beginning may have arrived before; returns the bytes after it. `None` if its end
    /// has not arrived.
    ///
    /// # Errors
    ///
    /// The head can't be read, or must not be.
    pub(super) fn next<'b>(
        &mut self,
        bytes: &'b [u8],
    ) -> Result<Option<(LineVerdict, &'b [u8])>, HeadFault> {
        let mut read = self.begun_bytes;
        let end = read.up_to_the_end(bytes);
        let length = end.map_or(bytes.len(), |end| end.saturating_add(1));
        let (line, rest) = bytes.split_at(length.min(bytes.len()));
        self.bytes = self.bytes.saturating_add(line.len());
        if self.bytes > MAX_HEAD_BYTES as usize {
            return Err(HeadFault::TooLong);
        }
        let is_whole = self.begun.is_empty();
        if !is_whole || end.is_none() {
            let room = KEPT_BYTES.saturating_sub(self.begun.len());
            self.begun.extend(line.iter().take(room));
        }
        if end.is_none() {
            self.begun_bytes = read;
            return Ok(None);
        }
        self.begun_bytes = LineBytes::default();
        let verdict = if is_whole {
            self.judge(line, read)
        } else {
            let line = std::mem::take(&mut self.begun);
            self.judge(&line, read)
        };
        Ok(Some((verdict?, rest)))
    }

    /// Judges a line with its line break, or the beginning of a long line.
    fn judge(&mut self, line: &[u8], bytes: LineBytes) -> Result<LineVerdict, HeadFault> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.status {
            // Empty lines before it are ignored.
            StatusLine::Awaited if line.is_empty() => return Ok(LineVerdict::Good),
            StatusLine::Awaited => {
                if bytes.are_odd && line.starts_with(b"HTTP/") {
                    return Err(HeadFault::StatusLine);
                }
                self.status = status(line);
                self.framing = HeadFraming::of(line);
                return Ok(LineVerdict::Good);
            }
            StatusLine::Interim if line.is_empty() => {
                *self = Self::default();
                return Ok(LineVerdict::Good);
            }
            StatusLine::Final if line.is_empty() => return Ok(LineVerdict::Last),
            StatusLine::Interim | StatusLine::Final => {}
        }
        if self.are_trailers {
            return Ok(judge_trailer(line, bytes));
        }
        if bytes.are_refused {
            return Err(HeadFault::Control(shown(name(line))));
        }
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return self.judge_folded(line, bytes.are_odd);
        }
        let end = line.iter().position(|byte| !is_of_name(*byte));
        let (name, value) = line.split_at(end.unwrap_or(line.len()));
        let is_good =
            !bytes.are_odd && !name.is_empty() && without_blanks(value).first() == Some(&b':');
        if name.len() > MAX_NAME_BYTES {
            return Err(HeadFault::LongName);
        }
        if !is_good {
            let is_final = self.status == StatusLine::Final && line.len() < KEPT_BYTES;
            return match location::escaped(line).filter(|_| is_final) {
                Some(location) => {
                    self.last = LastHeader::LeftOut;
                    Ok(LineVerdict::Location(location))
                }
                None => self.leave_out(line),
            };
        }
        self.framing.note(name, after_colon(value));
        self.headers = self.headers.saturating_add(1);
        if self.headers > MAX_RESPONSE_HEADERS {
            return Err(HeadFault::TooManyHeaders);
        }
        self.last = LastHeader::Good;
        self.last_name.clear();
        self.last_name.extend_from_slice(name);
        Ok(LineVerdict::Good)
    }

    fn judge_folded(&mut self, line: &[u8], is_odd: bool) -> Result<LineVerdict, HeadFault> {
        match self.last {
            LastHeader::Good if !is_odd => {
                self.framing.note_folded(&self.last_name);
                Ok(LineVerdict::Folded(shown(&self.last_name)))
            }
            // The parser leaves out the whole header.
            LastHeader::Good => {
                self.headers = self.headers.saturating_sub(1);
                let name = std::mem::take(&mut self.last_name);
                self.leave_out(&name)
            }
            LastHeader::LeftOut => {
                self.leave_out(line)?;
                Ok(LineVerdict::Good)
            }
            LastHeader::None => self.leave_out(line),
        }
    }

    fn leave_out(&mut self, line: &[u8]) -> Result<LineVerdict, HeadFault> {
        self.last = LastHeader::LeftOut;
        let name = shown(name(line));
        if is_meant_as(line, &FRAMING) {
            return Err(HeadFault::Framing(name));
        }
        if is_meant_as(line, &CODING) {
            return Err(HeadFault::Coding(name));
        }
        Ok(LineVerdict::LeftOut(name))
    }
}

/// A trailer is named if a header like it would be left out, and has no other effect.
fn judge_trailer(line: &[u8], bytes: LineBytes) -> LineVerdict {
    let end = line.iter().position(|byte| !is_of_name(*byte));
    let (name, value) = line.split_at(end.unwrap_or(line.len()));
    let has_name = !name.is_empty() && without_blanks(value).first() == Some(&b':');
    let is_folded = matches!(line.first(), Some(b' ' | b'\t'));
    if !bytes.are_odd && (has_name || is_folded) {
        LineVerdict::Good
    } else {
        LineVerdict::LeftOut(shown(self::name(line)))
    }
}

/// The text before the colon; the whole line if it has none.
fn name(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|byte| *byte == b':');
    line.get(..end.unwrap_or(line.len())).unwrap_or(line)
}

/// Whether a line that the parser leaves out is meant as one of these headers: other bytes may be between the letters
/// of the name, or after it in a line without a colon.
fn is_meant_as(line: &[u8], headers: &[&str]) -> bool {
    let has_colon = line.contains(&b':');
    let letters: String = name(line)
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic() || **byte == b'-')
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    headers.iter().any(|header| {
        if has_colon {
            letters == *header
        } else {
            letters.starts_with(header)
        }
    })
}

/// The text after a colon and whitespace.
fn after_colon(value: &[u8]) -> &[u8] {
    let value = without_blanks(value);
    value.strip_prefix(b":").unwrap_or(value)
}

/// The text after whitespace.
fn without_blanks(text: &[u8]) -> &[u8] {
    let begin = text.iter().position(|byte| !matches!(byte, b' ' | b'\t'));
    text.split_at(begin.unwrap_or(text.len())).1
}

fn status(line: &[u8]) -> StatusLine {
    let code = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    match code {
        b"101" => StatusLine::Final,
        [b'1', _, _] => StatusLine::Interim,
        _ => StatusLine::Final,
    }
}

/// A byte of a header's name (RFC 9110, section 5.6.2).
pub(super) const fn is_of_name(byte: u8) -> bool {
    matches!(
        byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'#' | b'$' | b'%'
            | b'&' | b'\'' | b'*' | b'+' | b'^' | b'`' | b'|' | b'~'
    )
}

fn shown(name: &[u8]) -> String {
    report::shortened(&String::from_utf8_lossy(name.trim_ascii()), SHOWN_BYTES)
}

#[cfg(test)]
mod tests;
