//! Replaces secrets in a text that arrives in pieces.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::finder::Finder;
use super::search::{Next, Position, Search};

/// With its secrets replaced, the text would exceed its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("with its secrets replaced the text is too long")]
pub(crate) struct OverlongText;

/// Replaces secrets in a stream of bytes, wherever it is cut. It holds back only bytes that may be the beginning of a
/// secret.
pub(crate) struct Replacer {
    finder: Arc<Finder>,
    held: Vec<u8>,
    /// The progress of the search in `held`.
    progress: Position,
    /// The mark at the end of the output so far.
    last_mark: Option<String>,
}

/// Doesn't show the held bytes.
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
            last_mark: None,
        }
    }

    /// Searches for these secrets from the next piece on: there may be new ones.
    pub(crate) fn search_with(&mut self, finder: Arc<Finder>) {
        if !Arc::ptr_eq(&self.finder, &finder) {
            self.finder = finder;
            self.progress = Position::default();
        }
    }

    /// Adds the next piece, and returns the output that is final so far, perhaps empty. A piece without secrets isn't
    /// copied.
    pub(crate) fn push(&mut self, piece: &Bytes) -> Bytes {
        if !self.held.is_empty() {
            let mut text = std::mem::take(&mut self.held);
            text.extend_from_slice(piece);
            return self.replace(&text.into(), false);
        }
        self.replace(piece, false)
    }

    /// Ends the text: returns the bytes that were held back.
    pub(crate) fn finish(&mut self) -> Bytes {
        let text = std::mem::take(&mut self.held);
        self.replace(&text.into(), true)
    }

    fn replace(&mut self, text: &Bytes, is_last: bool) -> Bytes {
        let progress = std::mem::take(&mut self.progress);
        let mut search = self.finder.resume(progress, text, is_last);
        let mut rewriting = Rewriting::new(text, self.last_mark.as_deref());
        let sure = rewriting.run(&mut search, usize::MAX);
        self.progress = search.progress(sure);
        let last_mark = rewriting.last_mark(sure).map(str::to_owned);
        let replaced = rewriting.finish(sure);
        self.last_mark = last_mark;
        self.held = text.get(sure..).unwrap_or_default().to_vec();
        replaced.map_or_else(|| text.slice(..sure), Bytes::from)
    }
}

/// A text that is being rewritten.
struct Rewriting<'t> {
    text: &'t [u8],
    output: Vec<u8>,
    /// The length of the text that the output covers.
    written: usize,
    /// The last mark.
    mark: Option<&'t str>,
}

impl<'t> Rewriting<'t> {
    /// A rewriting whose output follows `mark`, if there is one.
    fn new(text: &'t [u8], mark: Option<&'t str>) -> Self {
        Self {
            text,
            output: Vec::new(),
            written: 0,
            mark,
        }
    }

    /// Writes until the rest of the text is undecided, or until `max_bytes`. Returns how far the text is decided.
    fn run(&mut self, search: &mut Search<'t>, max_bytes: usize) -> usize {
        loop {
            match search.next() {
                Next::Nothing => return self.text.len(),
                Next::Unsure(from) => return from,
                Next::Secret(range, mark) => {
                    self.replace(range, mark);
                    if self.output.len() > max_bytes {
                        return self.written;
                    }
                }
            }
        }
    }

    /// Writes a mark in place of a secret. Adjacent secrets of one name get one mark.
    fn replace(&mut self, range: Range<usize>, mark: &'t str) {
        let before = self.text.get(self.written..range.start).unwrap_or_default();
        self.written = range.end;
        if before.is_empty() && self.mark == Some(mark) {
            return;
        }
        self.output.extend_from_slice(before);
        self.output.extend_from_slice(mark.as_bytes());
        self.mark = Some(mark);
    }

    /// The mark that is right before `until`.
    fn last_mark(&self, until: usize) -> Option<&'t str> {
        self.mark.filter(|_| self.written == until)
    }

    /// The output up to `until`; `None` if there is no secret in it.
    fn finish(mut self, until: usize) -> Option<Vec<u8>> {
        if self.written == 0 {
            return None;
        }
        let rest = self.text.get(self.written..until).unwrap_or_default();
        self.output.extend_from_slice(rest);
        Some(self.output)
    }
}

impl Finder {
    /// The text with its secrets replaced; `None` if it has none.
    pub(crate) fn replaced(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.replaced_within(text, usize::MAX).unwrap_or_default()
    }

    /// As [`Self::replaced`], with an output of at most `max_bytes`: a mark may be several times as long as its secret.
    ///
    /// # Errors
    ///
    /// [`OverlongText`]; then hardly more than `max_bytes` was written.
    pub(super) fn replaced_within(
        &self,
        text: &[u8],
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, OverlongText> {
        let mut rewriting = Rewriting::new(text, None);
        rewriting.run(&mut self.search(text, true), max_bytes);
        let replaced = rewriting.finish(text.len());
        match replaced {
            Some(replaced) if replaced.len() > max_bytes => Err(OverlongText),
            replaced => Ok(replaced),
        }
    }

    /// The beginning of a longer text with its secrets replaced, without a secret that its end may have truncated.
    pub(super) fn replaced_beginning(&self, text: &[u8]) -> Vec<u8> {
        let mut search = self.search(text, false);
        let mut rewriting = Rewriting::new(text, None);
        let sure = rewriting.run(&mut search, usize::MAX);
        let mark = search
            .begun()
            .filter(|mark| rewriting.last_mark(sure) != Some(mark));
        let replaced = rewriting.finish(sure);
        let mut replaced =
            replaced.unwrap_or_else(|| text.get(..sure).unwrap_or_default().to_vec());
        replaced.extend_from_slice(mark.unwrap_or_default().as_bytes());
        replaced
    }

    /// As [`Self::replaced`], for UTF-8.
    pub(crate) fn replaced_text(&self, text: &str) -> Option<String> {
        let replaced = self.replaced(text.as_bytes())?;
        Some(String::from_utf8_lossy(&replaced).into_owned())
    }
}
