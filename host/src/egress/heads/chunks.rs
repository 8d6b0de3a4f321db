//! The chunks of a body as they pass, to recognize the data after the last one.
//!
//! A body is complete once its last chunk has arrived (RFC 9112, section 8). Nothing here uses the trailers after it,
//! and the client fails for a trailer that it can't read. So the client gets no trailers; those that can't be read
//! are named in the log, as headers are.

use super::lines::{HeadLines, LineVerdict};
use crate::egress::response_warnings::OriginWarnings;

/// Follows one chunked body.
#[derive(Debug, Default)]
pub(super) struct ChunkFraming {
    at: ChunkPart,
}

#[derive(Debug)]
enum ChunkPart {
    /// Within the line before a chunk: the number so far, and whether it may continue.
    Length {
        bytes: Option<u64>,
        is_open: bool,
    },
    /// This many bytes are left of the chunk and its line end.
    Data(u64),
    Trailers(HeadLines),
    Over,
    /// The client will report what is wrong.
    Lost,
}

/// What follows from a piece of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChunkVerdict {
    GoesOn,
    /// The body and its trailers have ended.
    Over,
    /// As `Over`, but data follows that belongs to no response.
    Astray,
}

impl Default for ChunkPart {
    fn default() -> Self {
        Self::Length {
            bytes: None,
            is_open: true,
        }
    }
}

impl ChunkFraming {
    /// Learns what has arrived. Returns how much of it is not trailers, and what follows from it.
    pub(super) fn pass(
        &mut self,
        bytes: &[u8],
        warnings: &OriginWarnings,
    ) -> (usize, ChunkVerdict) {
        let mut from = 0_usize;
        while let Some(rest) = bytes.get(from..).filter(|rest| !rest.is_empty()) {
            let taken = match &mut self.at {
                ChunkPart::Length { bytes, is_open } => {
                    let (taken, is_whole) = pass_length(rest, bytes, is_open);
                    if is_whole {
                        self.at = match bytes {
                            None => ChunkPart::Lost,
                            Some(0) => ChunkPart::Trailers(HeadLines::of_trailers()),
                            // Including the end of its line.
                            Some(bytes) => ChunkPart::Data(bytes.saturating_add(2)),
                        };
                    }
                    taken
                }
                ChunkPart::Data(left) => {
                    let taken =
                        usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
                    *left = left.saturating_sub(taken as u64);
                    if *left == 0 {
                        self.at = ChunkPart::default();
                    }
                    taken
                }
                ChunkPart::Trailers(lines) => {
                    let verdict = pass_trailers(lines, rest, warnings);
                    if verdict != ChunkVerdict::GoesOn {
                        self.at = ChunkPart::Over;
                    }
                    return (from, verdict);
                }
                ChunkPart::Over => return (from, ChunkVerdict::Astray),
                ChunkPart::Lost => break,
            };
            from = from.saturating_add(taken);
        }
        (bytes.len(), ChunkVerdict::GoesOn)
    }

    /// Whether the body and its trailers have ended.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.at, ChunkPart::Over)
    }

    /// Whether the last chunk has arrived, but not the end after it.
    pub(super) fn is_whole_without_an_end(&self) -> bool {
        matches!(self.at, ChunkPart::Trailers(_))
    }
}

/// Reads the line before a chunk. Returns how many bytes belong to it, and whether it is complete.
fn pass_length(bytes: &[u8], length: &mut Option<u64>, is_open: &mut bool) -> (usize, bool) {
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' {
            return (at.saturating_add(1), true);
        }
        let digit = char::from(*byte).to_digit(16).filter(|_| *is_open);
        let Some(digit) = digit else {
            *is_open = false;
            continue;
        };
        // The client refuses a number that is too large.
        *length = Some(
            length
                .unwrap_or(0)
                .saturating_mul(16)
                .saturating_add(digit.into()),
        );
    }
    (bytes.len(), false)
}

fn pass_trailers(
    lines: &mut HeadLines,
    mut rest: &[u8],
    warnings: &OriginWarnings,
) -> ChunkVerdict {
    loop {
        match lines.next(rest) {
            Ok(None) => return ChunkVerdict::GoesOn,
            Ok(Some((verdict, after))) => {
                rest = after;
                match verdict {
                    LineVerdict::LeftOut(name) => warnings.trailer(&name),
                    LineVerdict::Last if after.is_empty() => return ChunkVerdict::Over,
                    LineVerdict::Last => return ChunkVerdict::Astray,
                    _ => {}
                }
            }
            // There are too many trailers.
            Err(fault) => {
                warnings.trailers(&fault);
                return ChunkVerdict::Astray;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::egress::response_warnings::ResponseWarnings;
    use crate::secrets::Secrets;

    /// The rest of a body in pieces of this size, what follows from it, and the warnings.
    fn passed(body: &[u8], size: usize) -> (Vec<u8>, ChunkVerdict, Vec<String>) {
        let given = Arc::new(ResponseWarnings::new("beers".into(), Secrets::default()));
        let warnings = OriginWarnings::new("https://api.example.com".into(), given.clone());
        let mut chunks = ChunkFraming::default();
        let (mut left, mut last) = (Vec::new(), ChunkVerdict::GoesOn);
        for piece in body.chunks(size) {
            let (kept, verdict) = chunks.pass(piece, &warnings);
            left.extend_from_slice(&piece[..kept]);
            last = verdict;
        }
        (left, last, given.given())
    }

    #[test]
    fn trailers_are_removed_however_they_arrive() {
        let data =
            "4\r\nrows\r\n1D;name=value\r\nHTTP/1.1 200 OK\r\n\r\n0\r\n\r\n0\r\n\r\n\r\n00 \r\n";
        for (trailers, named) in [
            ("", None),
            ("x-sum: 1\r\n", None),
            ("x-sum : 1\r\n folded\r\nx-b:\r\n", None),
            ("x-sum: \u{7f}\r\n", Some("`x-sum`")),
            ("x-sum: \0\r\n", Some("`x-sum`")),
            ("x-sum: a\rb\r\n", Some("`x-sum`")),
            ("no colon\r\n", Some("`no colon`")),
            (": 1\r\n", Some("``")),
            ("Content-Length: \u{1}3\r\n", Some("`Content-Length`")),
            ("x-sum: 1\nx-b: 2\n", None),
        ] {
            let body = format!("{data}{trailers}\r\n");
            for size in [1, 2, 3, 7, body.len()] {
                let (left, verdict, warnings) = passed(body.as_bytes(), size);
                assert_eq!(left, data.as_bytes(), "{trailers:?} {size}");
                assert_eq!(verdict, ChunkVerdict::Over, "{trailers:?} {size}");
                assert_eq!(warnings.len(), usize::from(named.is_some()), "{warnings:?}");
                assert!(named.is_none_or(|named| warnings[0].contains(named)));
            }
        }
    }

    #[test]
    fn trailers_are_bounded() {
        let many = "x-sum: 1\r\n".repeat(30_000);
        let (left, verdict, warnings) = passed(format!("0\r\n{many}\r\n").as_bytes(), 8192);
        assert_eq!((&*left, verdict), (&b"0\r\n"[..], ChunkVerdict::Astray));
        assert!(warnings[0].contains("larger than 256KiB"), "{warnings:?}");
    }

    #[test]
    fn stray_bytes_are_distinguished_from_trailers() {
        for (body, left, expected) in [
            (
                "4\r\nrows\r\n0\r\n\r\nmore",
                "4\r\nrows\r\n0\r\n",
                ChunkVerdict::Astray,
            ),
            (
                "4\r\nrows\r\n0\r\n",
                "4\r\nrows\r\n0\r\n",
                ChunkVerdict::GoesOn,
            ),
            ("4\r\nro", "4\r\nro", ChunkVerdict::GoesOn),
            (
                "rows\r\n0\r\nx\r\n\r\n",
                "rows\r\n0\r\nx\r\n\r\n",
                ChunkVerdict::GoesOn,
            ),
        ] {
            for size in [1, body.len()] {
                let (kept, verdict, _) = passed(body.as_bytes(), size);
                assert_eq!(
                    (&*kept, verdict),
                    (left.as_bytes(), expected),
                    "{body:?} {size}"
                );
            }
        }
    }
}
