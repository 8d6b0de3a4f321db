//! Where in a text secrets stand.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::Input;

use super::automaton::{Edge, NOTHING, State, StateTable, UnderWay};
use super::coverage::{Coverage, is_decided, take};
use super::finder::{Finder, Word};

/// How many searches keep the states that they have made for the next ones.
const MAX_KEPT_STATES: usize = 4;

/// So far ahead a secret's beginning is looked for byte by byte, before it is worth to begin with a faster search.
const NEAR_BYTES: usize = 16;

/// What comes next in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'f> {
    /// No secret.
    Nothing,
    /// No secret before here; what follows may be the beginning of one.
    Unsure(usize),
    /// A secret, and what to write in its place.
    Secret(Range<usize>, &'f str),
}

/// How far a search has come in a text that comes in pieces. The places count from the first byte that is not decided.
#[derive(Debug, Default)]
pub(super) struct Position {
    at: usize,
    under_way: Option<Arc<UnderWay>>,
    starts: VecDeque<usize>,
    found: VecDeque<Coverage>,
}

impl Finder {
    /// Whether a secret stands in the text.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        matches!(self.search(text, true).next(), Next::Secret(..))
    }

    /// The secrets of `text`, from its beginning. With `is_last` nothing comes after the text.
    pub(super) fn search<'t>(&'t self, text: &'t [u8], is_last: bool) -> Search<'t> {
        self.resume(Position::default(), text, is_last)
    }

    /// Goes on with a search: `text` begins with the first byte that was not decided.
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
        }
    }
}

impl Finder {
    fn stands_alone(&self, word: &Word) -> bool {
        *word.stands_alone.get_or_init(|| {
            let mut search = self.search(&word.bytes, false);
            search.has_words = false;
            let whole = 0..word.bytes.len();
            search.next() == Next::Secret(whole, &word.mark) && search.next() == Next::Nothing
        })
    }
}

/// A search under way.
pub(super) struct Search<'t> {
    finder: &'t Finder,
    text: &'t [u8],
    is_last: bool,
    has_words: bool,
    at: usize,
    state: State,
    /// There until the search is dropped.
    states: Option<StateTable>,
    /// Where each group of the state begins.
    starts: VecDeque<usize>,
    /// Secrets, of which the first may still turn out to be part of a longer one.
    found: VecDeque<Coverage>,
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
                // What was under way can't end any more.
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
                if self.step_on() {
                    continue;
                }
            }
            self.run();
        }
    }

    /// What is to be written for a secret whose end isn't known yet.
    pub(super) fn begun(&self) -> Option<&'t str> {
        Some(self.mark(self.found.front()?.needle))
    }

    fn mark(&self, needle: u32) -> &'t str {
        let mark = self.finder.marks.get(needle as usize);
        mark.map_or("", String::as_str)
    }

    /// How far it has come, for the text that begins `decided` bytes later.
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

    /// The first secret, if nothing that is under way can be a part of it.
    fn decided(&mut self) -> Option<Coverage> {
        if self.found.is_empty() {
            return None;
        }
        let under_way = self.under_way();
        self.found
            .pop_front_if(|found| under_way.is_none_or(|start| found.range.end <= start))
    }

    /// Where the first of what is under way begins.
    fn under_way(&self) -> Option<usize> {
        let states = self.states.as_ref()?;
        let young = || match states.youth(self.state) {
            0 => None,
            youth => Some(self.at.saturating_sub(youth)),
        };
        self.starts.front().copied().or_else(young)
    }

    /// Where what isn't decided begins.
    fn undecided(&self) -> Option<usize> {
        let found = self.found.front().map(|found| found.range.start);
        found.into_iter().chain(self.under_way()).min()
    }

    /// The secret that begins here as it is, and is one whatever comes next.
    fn word(&mut self) -> Option<Next<'t>> {
        let rest = self.text.get(self.at..)?;
        let words = self.finder.words.get(usize::from(*rest.first()?))?;
        let is_here = |word: &&Word| rest.starts_with(&word.bytes);
        let word = words
            .iter()
            .find(|word| is_here(word) && self.finder.stands_alone(word))?;
        let from = self.at;
        // Directly one after the other they are one.
        let mut rest = rest;
        while let Some(further) = rest.strip_prefix(word.bytes.as_slice()) {
            self.at += word.bytes.len();
            rest = further;
        }
        Some(Next::Secret(from..self.at, &word.mark))
    }

    /// Goes on to where a secret may begin. Whether it is further on than before.
    fn step_on(&mut self) -> bool {
        let from = self.at;
        let near = self.text.get(from..).unwrap_or_default().iter();
        let is_first = |byte: &u8| self.finder.first_bytes.get(usize::from(*byte)) == Some(&true);
        match near.take(NEAR_BYTES).position(is_first) {
            Some(further) => self.at += further,
            None => self.skip(),
        }
        self.at > from
    }

    /// Goes on to where a secret may begin, or to where its beginning may be cut off by the end of the text.
    fn skip(&mut self) {
        let rest = Input::new(self.text).range(self.at..);
        let end = self.text.len();
        self.at = match self.finder.beginnings.find(rest) {
            Some(found) => found.start(),
            None if self.is_last => end,
            None => {
                let tail = self.finder.longest_beginning.saturating_sub(1);
                self.at.max(end.saturating_sub(tail))
            }
        };
    }

    /// Goes on until something is found, or nothing is under way.
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
            take(step, at, &mut self.starts, &mut self.found);
            if self.state == NOTHING || is_decided(&self.found, &self.starts) {
                break;
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
