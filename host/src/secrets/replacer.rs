//! Secrets taken out of a text that comes in pieces.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::finder::Finder;
use super::search::{Next, Position};

/// Replaces secrets in one stream of bytes, however it is cut. Of what it was given it keeps back no more than what may
/// be the beginning of a secret.
pub(crate) struct Replacer {
    finder: Arc<Finder>,
    held: Vec<u8>,
    /// How far the search has come in `held`.
    progress: Position,
}

/// Shows nothing of what it holds.
impl fmt::Debug for Replacer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Replacer").finish_non_exhaustive()
    }
}

impl Replacer {
    pub(crate) fn new(finder: Arc<Finder>) -> Self {
        Self {
            finder,
            held: Vec::new(),
            progress: Position::default(),
        }
    }

    /// From the next piece on looks for these: there may be more by now.
    pub(crate) fn search_with(&mut self, finder: Arc<Finder>) {
        if !Arc::ptr_eq(&self.finder, &finder) {
            self.finder = finder;
            self.progress = Position::default();
        }
    }

    /// Takes the next piece, and gives what is sure of all so far; may be empty. A piece without secrets is not copied.
    pub(crate) fn push(&mut self, piece: &Bytes) -> Bytes {
        if !self.held.is_empty() {
            let mut text = std::mem::take(&mut self.held);
            text.extend_from_slice(piece);
            return self.replace(&text.into(), false);
        }
        self.replace(piece, false)
    }

    /// The text is at its end: what was kept back.
    pub(crate) fn finish(&mut self) -> Bytes {
        let text = std::mem::take(&mut self.held);
        self.replace(&text.into(), true)
    }

    fn replace(&mut self, text: &Bytes, is_last: bool) -> Bytes {
        let mut replaced = Vec::new();
        let mut written = 0;
        let progress = std::mem::take(&mut self.progress);
        let mut search = self.finder.resume(progress, text, is_last);
        let sure = loop {
            match search.next() {
                Next::Nothing => break text.len(),
                Next::Unsure(from) => break from,
                Next::Secret(range, mark) => {
                    replaced.extend_from_slice(text.get(written..range.start).unwrap_or_default());
                    replaced.extend_from_slice(mark.as_bytes());
                    written = range.end;
                }
            }
        };
        self.progress = search.progress(sure);
        self.held = text.get(sure..).unwrap_or_default().to_vec();
        if written == 0 {
            return text.slice(..sure);
        }
        replaced.extend_from_slice(text.get(written..sure).unwrap_or_default());
        replaced.into()
    }
}

impl Finder {
    /// The text with its secrets replaced; none where it has none.
    pub(crate) fn replaced(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut replaced = Vec::new();
        let mut written = 0;
        let mut search = self.search(text, true);
        while let Next::Secret(range, mark) = search.next() {
            replaced.extend_from_slice(text.get(written..range.start).unwrap_or_default());
            replaced.extend_from_slice(mark.as_bytes());
            written = range.end;
        }
        (written > 0).then(|| {
            replaced.extend_from_slice(text.get(written..).unwrap_or_default());
            replaced
        })
    }

    /// As [`Self::replaced`], of UTF-8.
    pub(crate) fn replaced_text(&self, text: &str) -> Option<String> {
        let replaced = self.replaced(text.as_bytes())?;
        Some(String::from_utf8_lossy(&replaced).into_owned())
    }
}
