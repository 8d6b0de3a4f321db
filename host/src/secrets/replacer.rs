//! Secrets taken out of a text that comes in pieces.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::finder::Finder;
use super::search::{Next, Position};

/// With its secrets replaced a text would be longer than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("with its secrets replaced the text is too long")]
pub(crate) struct OverlongText;

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
        self.replaced_within(text, usize::MAX).unwrap_or_default()
    }

    /// As [`Self::replaced`], if what comes out has no more than `max_bytes`: a mark may be several times as long as its
    /// secret.
    ///
    /// # Errors
    ///
    /// [`OverlongText`]; then no more than that was written.
    pub(super) fn replaced_within(
        &self,
        text: &[u8],
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, OverlongText> {
        let mut replaced = Vec::new();
        let mut written = 0;
        let mut search = self.search(text, true);
        while let Next::Secret(range, mark) = search.next() {
            let before = text.get(written..range.start).unwrap_or_default();
            if replaced.len() + before.len() + mark.len() > max_bytes {
                return Err(OverlongText);
            }
            replaced.extend_from_slice(before);
            replaced.extend_from_slice(mark.as_bytes());
            written = range.end;
        }
        if written == 0 {
            return Ok(None);
        }
        let rest = text.get(written..).unwrap_or_default();
        if replaced.len() + rest.len() > max_bytes {
            return Err(OverlongText);
        }
        replaced.extend_from_slice(rest);
        Ok(Some(replaced))
    }

    /// The beginning of a longer text with its secrets replaced, without what its end may have cut in two.
    pub(super) fn replaced_beginning(&self, text: &[u8]) -> Vec<u8> {
        let mut replaced = Vec::new();
        let mut written = 0;
        let mut search = self.search(text, false);
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
        replaced.extend_from_slice(text.get(written..sure).unwrap_or_default());
        replaced.extend_from_slice(search.begun().as_bytes());
        replaced
    }

    /// As [`Self::replaced`], of UTF-8.
    pub(crate) fn replaced_text(&self, text: &str) -> Option<String> {
        let replaced = self.replaced(text.as_bytes())?;
        Some(String::from_utf8_lossy(&replaced).into_owned())
    }
}
