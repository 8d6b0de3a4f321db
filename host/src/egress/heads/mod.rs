//! Watches the responses of an HTTP/1 connection as they pass: which headers of a head its parser will leave out, and
//! why, and where chunked bodies end.
//!
//! The parser is as lenient as browsers: it silently leaves out headers that it can't read. Those are named in the
//! log. A header that says where the body ends must not be left out, since the rest of the connection would then be
//! misread. So heads are checked line by line before the parser gets them, by the parser's own rules.

mod blocks;
mod chunks;
mod fault;
mod framing;
mod line_bytes;
mod lines;
mod location;
mod plain;

use std::sync::Arc;

use tokio::io::ReadBuf;

use super::response_warnings::{OriginWarnings, ResponseWarnings};
use chunks::{ChunkFraming, ChunkVerdict};
pub(super) use fault::{HeadFault, MAX_HEAD_BYTES, MAX_RESPONSE_HEADERS};
use framing::HeadFraming;
use lines::{HeadLines, LineVerdict};

/// The end of a chunked body, after its last chunk.
const END: &[u8] = b"\r\n";

/// Watches the bytes that pass over one connection.
pub(super) struct HeadReader {
    passing: Passing,
    /// Whether the request is a HEAD.
    is_of_head: bool,
    /// The part of a chunked body's end that the client has not received yet.
    end: &'static [u8],
    /// Whether something arrived that belongs to no response.
    is_astray: bool,
    location: Option<String>,
    warnings: OriginWarnings,
}

/// What comes next.
enum Passing {
    Head(HeadLines),
    Chunks(ChunkFraming),
    /// A body without chunks, or nothing.
    Other,
}

impl HeadReader {
    /// For a connection to this origin.
    pub(super) fn new(origin: Arc<str>, warnings: Arc<ResponseWarnings>) -> Self {
        Self {
            passing: Passing::Other,
            is_of_head: false,
            end: &[],
            is_astray: false,
            location: None,
            warnings: OriginWarnings::new(origin, warnings),
        }
    }

    /// Notes that a request has begun, and whether it is a HEAD: the head of a response comes next.
    pub(super) fn begin(&mut self, is_of_head: bool) {
        self.passing = Passing::Head(HeadLines::default());
        self.is_of_head = is_of_head;
    }

    /// Learns what has arrived. Returns how much of it the client gets: everything except a body's trailers.
    ///
    /// # Errors
    ///
    /// The head must not be read further.
    pub(super) fn received(&mut self, bytes: &[u8]) -> Result<usize, HeadFault> {
        let head = match &mut self.passing {
            Passing::Other => return Ok(bytes.len()),
            Passing::Chunks(_) => return Ok(self.pass_chunks(bytes)),
            Passing::Head(head) => head,
        };
        if head.are_at_the_beginning()
            && let Some((framing, length)) = plain::beginning(bytes)
        {
            return self.end_head(framing, bytes, length);
        }
        let mut rest = bytes;
        while let Some((verdict, after)) = head.next(rest)? {
            rest = after;
            match verdict {
                LineVerdict::Good => {}
                LineVerdict::LeftOut(name) => self.warnings.left_out(&name),
                LineVerdict::Folded(name) => self.warnings.folded(&name),
                LineVerdict::Location(location) => {
                    self.warnings.escaped("Location");
                    self.location = Some(location);
                }
                LineVerdict::Last => {
                    let framing = std::mem::take(head).into_framing();
                    return self.end_head(framing, bytes, bytes.len().saturating_sub(rest.len()));
                }
            }
        }
        Ok(bytes.len())
    }

    /// The head ends within these bytes, after this many.
    fn end_head(
        &mut self,
        framing: HeadFraming,
        bytes: &[u8],
        length: usize,
    ) -> Result<usize, HeadFault> {
        let body = framing.body(self.is_of_head)?;
        if body.names_no_coding {
            self.warnings.names_no_coding();
        }
        if !body.is_chunked {
            self.passing = Passing::Other;
            return Ok(bytes.len());
        }
        if body.has_length {
            self.warnings.has_length_with_chunks();
        }
        self.passing = Passing::Chunks(ChunkFraming::default());
        let passed = self.pass_chunks(bytes.get(length..).unwrap_or_default());
        Ok(length.saturating_add(passed))
    }

    fn pass_chunks(&mut self, bytes: &[u8]) -> usize {
        let Passing::Chunks(chunks) = &mut self.passing else {
            return bytes.len();
        };
        let was_over = chunks.is_over();
        let (passed, verdict) = chunks.pass(bytes, &self.warnings);
        if verdict != ChunkVerdict::GoesOn && !was_over {
            self.end = END;
        }
        self.is_astray |= verdict == ChunkVerdict::Astray;
        passed
    }

    /// Notes that nothing more arrives. A body whose last chunk has arrived is complete.
    pub(super) fn close(&mut self) {
        if let Passing::Chunks(chunks) = &mut self.passing
            && chunks.is_whole_without_an_end()
        {
            self.passing = Passing::Other;
            self.end = END;
        }
    }

    /// Writes the end of a body into the buffer if it is due; returns whether it was.
    pub(super) fn put_end(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        if self.end.is_empty() {
            return false;
        }
        let (now, later) = self.end.split_at(self.end.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.end = later;
        true
    }

    /// Whether the connection can't be used any more.
    pub(super) fn is_astray(&self) -> bool {
        self.is_astray
    }

    /// The `Location` of the last head, with its bytes escaped, if the parser leaves it out because of them.
    pub(super) fn take_location(&mut self) -> Option<String> {
        self.location.take()
    }
}
