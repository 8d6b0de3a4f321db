//! The heads of an HTTP/1 connection as they pass: which headers of a response its parser will leave out, and why.
//!
//! The parser is lenient, as browsers are: it leaves out a header that it can't read, and doesn't say which. What it leaves out is
//! named in the log; one that says where the body ends may not be left out, since the rest of the connection would be read as
//! something that it isn't. So heads are looked at line by line before the parser has them, by the parser's own rules.

mod fault;
mod lines;
mod plain;

use std::sync::Arc;

pub(super) use fault::{HeadFault, MAX_HEAD_BYTES, MAX_RESPONSE_HEADERS};
use lines::{HeadLines, LineVerdict};

use super::response_warnings::{OriginWarnings, ResponseWarnings};

/// Looks at what passes over one connection.
pub(super) struct HeadReader {
    /// `None` while a body passes, or nothing.
    head: Option<HeadLines>,
    warnings: OriginWarnings,
}

impl HeadReader {
    /// For a connection to this origin.
    pub(super) fn new(origin: Arc<str>, warnings: Arc<ResponseWarnings>) -> Self {
        Self {
            head: None,
            warnings: OriginWarnings::new(origin, warnings),
        }
    }

    /// A request has begun: the head of a response is waited for.
    pub(super) fn begin(&mut self) {
        self.head = Some(HeadLines::default());
    }

    /// Learns what has come.
    ///
    /// # Errors
    ///
    /// The head may not be read on.
    pub(super) fn received(&mut self, bytes: &[u8]) -> Result<(), HeadFault> {
        let Some(head) = &mut self.head else {
            return Ok(());
        };
        if head.are_at_the_beginning() && plain::begins_plainly(bytes) {
            self.head = None;
            return Ok(());
        }
        let mut rest = bytes;
        while let Some((verdict, after)) = head.next(rest)? {
            rest = after;
            match verdict {
                LineVerdict::Good => {}
                LineVerdict::LeftOut(name) => self.warnings.left_out(&name),
                LineVerdict::Folded(name) => self.warnings.folded(&name),
                LineVerdict::Last => {
                    self.head = None;
                    break;
                }
            }
        }
        Ok(())
    }
}
