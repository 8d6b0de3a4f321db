//! Searches a text for secrets.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::Input;

use super::automaton::{Edge, NOTHING, State, StateTable, UnderWay};
use super::coverage::{Coverage, is_decided, take};
use super::cycle::Cycle;
use super::finder::{Finder, Word};

/// How many state tables are kept for later searches.
const MAX_KEPT_STATES: usize = 4;

/// How many bytes are checked one by one for the beginning of a secret, before a faster search pays off.
const NEAR_BYTES: usize = 16;

/// The next result of a search.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'f> {
    /// There are no more secrets.
    Nothing,
    /// There is no secret before this position; the rest may be the beginning of one.
    Unsure(usize),
    /// A secret, and its replacement.
    Secret(Range<usize>, &'f str),
}

/// The progress of a search in a text that arrives in pieces. Positions count from the first undecided byte.
#[derive(Debug, Clone, Default)]
pub(super) struct Position {
    at: usize,
    under_way: Option<Arc<UnderWay>>,
    starts: VecDeque<usize>,
    found: VecDeque<Coverage>,
}

impl Finder {
    /// Whether the text contains a secret.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        matches!(self.search(text, true).next(), Next::Secret(..))
    }

    /// Searches `text` from its beginning. `is_last` says that nothing follows the text.
    pub(super) fn search<'t>(&'t self, text: &'t [u8], is_last: bool) -> Search<'t> {
        self.resume(Position::default(), text, is_last)
    }

    /// Continues a search: `text` begins with the first undecided byte.
    pub(super) fn resume<'t>(
        &'t self,
        progress: Position,
        text: &'t [u8],
        is_last: bool,
    ) -> Search<'t> {
        let states = self.states.lock().pop();
        let mut states = states.unwrap_or_else(|| StateTable::new(&self.needles));
        let state = progress
            .under_way
            .map_or(NOTHING, |under_way| states.state(under_way));
        Search {
            finder: self,
            text,
            is_last,
            has_words: true,
            at: progress.at,
            state,
            states: Some(states),
            starts: progress.starts,
            found: progress.found,
            cycle: Cycle::new(),
        }
    }

    /// The bytes that may follow a word, so that it is a whole secret and not part of a longer one.
    fn followers(&self, word: &Word) -> [bool; 256] {
        let whole = Next::Secret(0..word.bytes.len(), &word.mark);
        let mut search = self.search(&word.bytes, false);
        search.has_words = false;
        match search.next() {
            next if next == whole => return [search.next() == Next::Nothing; 256],
            Next::Unsure(0) => {}
            _ => return [false; 256],
        }
        let progress = search.progress(0);
        let mut text = word.bytes.clone();
        text.push(0);
        let mut byte = 0;
        [(); 256].map(|()| {
            if let Some(last) = text.last_mut() {
                *last = byte;
            }
            byte = byte.wrapping_add(1);
            let mut search = self.resume(progress.clone(), &text, false);
            search.has_words = false;
            search.next() == whole
                && match search.next() {
                    Next::Nothing => true,
                    Next::Unsure(from) => from >= word.bytes.len(),
                    Next::Secret(..) => false,
                }
        })
    }
}

/// A search in progress.
pub(super) struct Search<'t> {
    finder: &'t Finder,
    text: &'t [u8],
    is_last: bool,
    has_words: bool,
    at: usize,
    state: State,
    /// `Some` until the search is dropped.
    states: Option<StateTable>,
    /// The beginning of each group of the state.
    starts: VecDeque<usize>,
    /// Ranges of secrets; the first may still turn out to be part of a longer one.
    found: VecDeque<Coverage>,
    cycle: Cycle,
}

impl<'t> Search<'t> {
    /// The next secret.
    pub(super) fn next(&mut self) -> Next<'t> {
        loop {
            if let Some(Coverage { range, needle }) = self.decided() {
                return Next::Secret(range, self.mark(needle));
            }
            if self.at >= self.text.len() {
                if !self.is_last {
                    return self.undecided().map_or(Next::Nothing, Next::Unsure);
                }
                if self.state == NOTHING {
                    return Next::Nothing;
                }
                // Nothing that is under way can still end.
                self.starts.clear();
                self.state = NOTHING;
                continue;
            }
            if self.state == NOTHING {
                if self.has_words
                    && let Some(word) = self.word()
                {
                    return word;
                }
                if self.move_on() {
                    continue;
                }
            }
            self.run();
        }
    }

    /// The replacement for a secret whose end isn't known yet.
    pub(super) fn begun(&self) -> Option<&'t str> {
        Some(self.mark(self.found.front()?.needle))
    }

    fn mark(&self, needle: u32) -> &'t str {
        let mark = self.finder.marks.get(needle as usize);
        mark.map_or("", String::as_str)
    }

    /// The progress of the search, for a text that begins `decided` bytes later.
    pub(super) fn progress(mut self, decided: usize) -> Position {
        let earlier = |place: usize| place.saturating_sub(decided);
        let states = self.states.as_ref();
        Position {
            at: earlier(self.at),
            under_way: states
                .filter(|_| self.state != NOTHING)
                .map(|states| states.under_way(self.state)),
            starts: self.starts.drain(..).map(earlier).collect(),
            found: self
                .found
                .drain(..)
                .map(|found| Coverage {
                    range: earlier(found.range.start)..earlier(found.range.end),
                    needle: found.needle,
                })
                .collect(),
        }
    }

    /// The first range, if no thread under way can extend it.
    fn decided(&mut self) -> Option<Coverage> {
        if self.found.is_empty() {
            return None;
        }
        let under_way = self.under_way();
        self.found
            .pop_front_if(|found| under_way.is_none_or(|start| found.range.end <= start))
    }

    /// The beginning of the first group under way.
    fn under_way(&self) -> Option<usize> {
        let states = self.states.as_ref()?;
        let young = || match states.youth(self.state) {
            0 => None,
            youth => Some(self.at.saturating_sub(youth)),
        };
        self.starts.front().copied().or_else(young)
    }

    /// The beginning of the undecided part.
    fn undecided(&self) -> Option<usize> {
        let found = self.found.front().map(|found| found.range.start);
        found.into_iter().chain(self.under_way()).min()
    }

    /// A secret without escapes at the current position, unless the following bytes make it part of a longer one.
    fn word(&mut self) -> Option<Next<'t>> {
        let finder = self.finder;
        let rest = self.text.get(self.at..)?;
        let words = finder.words.get(usize::from(*rest.first()?))?;
        let after = |word: &Word, rest: &'t [u8]| {
            let rest = rest.strip_prefix(word.bytes.as_slice())?;
            let followers = word.followers.get_or_init(|| finder.followers(word));
            let is_ended = match rest.first() {
                Some(next) => followers.get(usize::from(*next)) == Some(&true),
                None => followers.iter().all(|may_follow| *may_follow),
            };
            is_ended.then_some(rest)
        };
        let (word, mut rest) = words
            .iter()
            .find_map(|word| Some((word, after(word, rest)?)))?;
        // Adjacent occurrences are one.
        while let Some(further) = after(word, rest) {
            rest = further;
        }
        let from = self.at;
        self.at = self.text.len() - rest.len();
        Some(Next::Secret(from..self.at, &word.mark))
    }

    /// Moves to the next position where a secret may begin. Returns whether it moved.
    fn move_on(&mut self) -> bool {
        let from = self.at;
        let near = self.text.get(from..).unwrap_or_default().windows(2);
        let may_begin = |pair: &[u8]| match pair {
            [first, second] => self.finder.first_pairs.has(*first, *second),
            _ => true,
        };
        match near.take(NEAR_BYTES).position(may_begin) {
            Some(further) => self.at += further,
            None => self.skip(),
        }
        self.at > from
    }

    /// Moves to the next position where a secret may begin, or where the end of the text may truncate a beginning.
    fn skip(&mut self) {
        let rest = Input::new(self.text).range(self.at..);
        let end = self.text.len();
        self.at = match self.finder.beginnings.find(rest) {
            Some(found) => found.start(),
            _ if self.is_last => end,
            None => {
                let tail = self.finder.longest_beginning.saturating_sub(1);
                self.at.max(end.saturating_sub(tail))
            }
        };
    }

    /// Advances until something is found, or nothing is under way.
    fn run(&mut self) {
        let Some(states) = &mut self.states else {
            self.at = self.text.len();
            return;
        };
        let needles = &self.finder.needles;
        let mut bytes = self.text.get(self.at..).unwrap_or_default().iter();
        for byte in &mut bytes {
            let at = self.at;
            self.at += 1;
            let step = match states.edge(needles, &mut self.state, *byte) {
                Edge::Same(next) => {
                    self.state = next;
                    if next == NOTHING {
                        break;
                    }
                    continue;
                }
                Edge::Transition(step) => step,
            };
            let Some(step) = states.step(step) else {
                continue;
            };
            self.state = step.next;
            let is_end = !step.found.is_empty();
            take(step, at, &mut self.starts, &mut self.found);
            if self.state == NOTHING || is_decided(&self.found, &self.starts) {
                break;
            }
            if is_end {
                let (state, starts, found) = (self.state, &mut self.starts, &mut self.found);
                let ahead = self.cycle.ahead(self.text, self.at, state, starts, found);
                if ahead > 0 {
                    self.at += ahead;
                    starts.iter_mut().for_each(|start| *start += ahead);
                    if let Some(last) = found.back_mut() {
                        last.range.end += ahead;
                    }
                    break;
                }
            }
        }
    }
}

impl Drop for Search<'_> {
    fn drop(&mut self) {
        if let Some(states) = self.states.take() {
            let mut kept = self.finder.states.lock();
            if kept.len() < MAX_KEPT_STATES {
                kept.push(states);
            }
        }
    }
}

#[cfg(test)]
mod tests;
