//! Warnings about malformed responses, each given once.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::encoding::ContentEncoding;
use crate::lock::Mutex;
use crate::secrets::Secrets;

/// How many warnings are remembered; beyond that, none are given.
const MAX_WARNINGS: usize = 256;

/// How much of a name is shown.
const SHOWN_BYTES: usize = 64;

/// The warnings that were given about the origins of one connector.
pub(super) struct ResponseWarnings {
    connector: Arc<str>,
    /// An API may return the credential that it received, in any place.
    secrets: Secrets,
    given: Mutex<HashSet<String>>,
}

/// Warns about the responses of one origin.
#[derive(Debug, Clone)]
pub(super) struct OriginWarnings {
    origin: Arc<str>,
    warnings: Arc<ResponseWarnings>,
}

impl ResponseWarnings {
    pub(super) fn new(connector: Arc<str>, secrets: Secrets) -> Self {
        Self {
            connector,
            secrets,
            given: Mutex::default(),
        }
    }

    /// The warnings that were given so far, each with its origin.
    #[cfg(test)]
    pub(super) fn given(&self) -> Vec<String> {
        self.given.lock().iter().cloned().collect()
    }

    fn give(&self, origin: &str, text: &str) {
        {
            let mut given = self.given.lock();
            if given.len() >= MAX_WARNINGS || !given.insert(format!("{origin} {text}")) {
                return;
            }
        }
        tracing::warn!(connector = &*self.connector, origin, "{text}");
    }
}

impl OriginWarnings {
    pub(super) fn new(origin: Arc<str>, warnings: Arc<ResponseWarnings>) -> Self {
        Self { origin, warnings }
    }

    /// Warns about a header that is left out, or about a line that is not a header.
    pub(super) fn left_out(&self, name: &str) {
        self.of_line(
            "header",
            name,
            "it contains bytes that are not allowed in headers, or has no name and colon; it is ignored",
        );
    }

    /// Warns about a header that spans several lines.
    pub(super) fn folded(&self, name: &str) {
        self.of_line(
            "header",
            name,
            "it spans several lines, which is obsolete; the lines are joined with a space",
        );
    }

    /// Warns about a header whose bytes are escaped.
    pub(super) fn escaped(&self, name: &str) {
        self.of_line(
            "header",
            name,
            "it contains bytes that are not allowed in headers; they are percent-encoded",
        );
    }

    /// Warns about a trailer that can't be read.
    pub(super) fn trailer(&self, name: &str) {
        self.of_line(
            "trailer",
            name,
            "it contains bytes that are not allowed in trailers, or has no name and colon; it is ignored, and the \
             body is complete",
        );
    }

    /// Warns about data that is not valid as trailers.
    pub(super) fn trailers(&self, fault: &dyn fmt::Display) {
        self.give(&format!(
            "the data after the last chunk of the response's body is not valid as trailers: {fault}; it is ignored, \
             and the body is complete"
        ));
    }

    /// Warns about a transfer-encoding that names no coding.
    pub(super) fn names_no_coding(&self) {
        self.give(
            "the response's transfer-encoding is empty, or names `identity`, which is not a coding; it is ignored",
        );
    }

    /// Warns about a length that is ignored.
    pub(super) fn has_length_with_chunks(&self) {
        self.give(
            "the response has a content-length as well as `transfer-encoding: chunked`; the content-length is ignored",
        );
    }

    /// Warns about a body that continues after the end of its coding.
    pub(super) fn continues(&self, encoding: ContentEncoding) {
        let label = encoding.label();
        self.give(&format!(
            "the response's body continues after the end of its {label} data; the rest is ignored"
        ));
    }

    /// Warns about a body in another coding than its label says.
    pub(super) fn is_another(&self, label: ContentEncoding, found: ContentEncoding) {
        let (label, found) = (label.label(), found.label());
        self.give(&format!(
            "the response's content-encoding is {label}, but its body begins like {found}; it is read as {found}"
        ));
    }

    /// Warns about a body that is not in the coding that its label says.
    pub(super) fn is_not_coded(&self, label: ContentEncoding) {
        let label = label.label();
        self.give(&format!(
            "the response's content-encoding is {label}, but its body doesn't begin like {label}; it is passed on \
             unchanged"
        ));
    }

    fn of_line(&self, place: &str, name: &str, what: &str) {
        let name = self.warnings.secrets.shown_beginning(name, SHOWN_BYTES);
        self.give(&format!(
            "the response's {place} `{name}` is malformed: {what}"
        ));
    }

    fn give(&self, text: &str) {
        self.warnings.give(&self.origin, text);
    }
}

impl fmt::Debug for ResponseWarnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseWarnings").finish_non_exhaustive()
    }
}
