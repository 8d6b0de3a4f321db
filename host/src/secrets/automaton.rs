//! Searches for all needles at once: tracks, byte by byte, which needles may have begun.
//!
//! A set of needles in all their spellings is a nondeterministic automaton. This is its deterministic form, whose
//! states are created when a text first leads to them, and kept. So each byte costs one table lookup, whatever the text
//! is: even if it consists of the secret itself, of its beginnings, or of a secret that overlaps itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::needle::{Advance, Needles, Thread};

/// The states are discarded and created again once they take about this many bytes.
pub(super) const MAX_BYTES: usize = 4 << 20;

/// A state, as the index of its row in the table.
pub(super) type State = u32;

/// The state in which nothing has begun.
pub(super) const NOTHING: State = 0;

/// Marks an edge that is the index of a [`Transition`]. An edge without this bit is a state in which the same groups
/// continue.
const IS_STEP: u32 = 1 << 31;

/// An edge that no text has followed yet.
const UNKNOWN: u32 = u32::MAX;

/// The threads of all needles that begin at one position of the text.
type Group = Vec<Thread>;

/// A group is young until this many of its bytes match; only then it gets a place among those under way.
const YOUTH: usize = 2;

/// Everything that is under way at a byte of a text. No thread is in two groups: whatever it leads to covers more of
/// the text in the group that began earlier.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct UnderWay {
    /// One group for each position at which a needle may have begun, in the order of the text.
    groups: Vec<Group>,
    /// The groups that began with the second-last and with the last byte; empty for most bytes.
    young: [Group; YOUTH],
}

impl UnderWay {
    /// How many bytes ago the first young group began; 0 if there is none.
    fn youth(&self) -> usize {
        match &self.young {
            [second, _] if !second.is_empty() => 2,
            [_, first] if !first.is_empty() => 1,
            _ => 0,
        }
    }

    fn bytes(&self) -> usize {
        let groups = self.groups.iter().chain(&self.young);
        groups
            .map(|group| size_of::<Group>() + size_of_val(group.as_slice()))
            .sum()
    }
}

/// The effect of a byte that changes which groups are under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transition {
    pub(super) next: State,
    /// How many of the first groups end; the others keep their order.
    pub(super) ended_first: usize,
    /// Which of the others end, if any does.
    pub(super) ended_later: Option<Box<[bool]>>,
    /// Whether the group that began [`YOUTH`] bytes ago is no longer young.
    pub(super) grows_up: bool,
    /// The positions of needles that end with this byte, each with its first needle.
    pub(super) found: Box<[(Origin, u32)]>,
}

/// The position at which a needle began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The beginning of the group with this index.
    Group(usize),
    /// This many bytes before the current one.
    Before(usize),
}

/// The result of a byte.
pub(super) enum Edge {
    /// A state in which the same groups continue.
    Same(State),
    /// A change of groups: the index for [`StateTable::step`].
    Transition(usize),
}

/// The states that texts have led to so far.
pub(super) struct StateTable {
    under_way: Vec<Arc<UnderWay>>,
    ids: HashMap<Arc<UnderWay>, State>,
    /// [`UnderWay::youth`] of each state.
    youths: Vec<u8>,
    /// A row for each state, with the edge for each class of bytes.
    table: Vec<u32>,
    steps: Vec<Transition>,
    bytes: usize,
    row: usize,
}

impl StateTable {
    pub(super) fn new(needles: &Needles) -> Self {
        let mut states = Self {
            under_way: Vec::new(),
            ids: HashMap::new(),
            youths: Vec::new(),
            table: Vec::new(),
            steps: Vec::new(),
            bytes: 0,
            row: needles.classes(),
        };
        states.state(Arc::default());
        states
    }

    /// The state for these threads under way.
    pub(super) fn state(&mut self, under_way: Arc<UnderWay>) -> State {
        if let Some(state) = self.ids.get(&under_way) {
            return *state;
        }
        let state = State::try_from(self.table.len()).unwrap_or(NOTHING);
        self.table.resize(self.table.len() + self.row, UNKNOWN);
        self.bytes += self.row * size_of::<u32>() + under_way.bytes();
        self.youths
            .push(u8::try_from(under_way.youth()).unwrap_or_default());
        self.ids.insert(under_way.clone(), state);
        self.under_way.push(under_way);
        state
    }

    /// The threads under way in a state.
    pub(super) fn under_way(&self, state: State) -> Arc<UnderWay> {
        let under_way = self.under_way.get(self.place(state));
        under_way.cloned().unwrap_or_default()
    }

    /// How many bytes ago the first young group of a state began; 0 if there is none.
    #[inline]
    pub(super) fn youth(&self, state: State) -> usize {
        let youth = self.youths.get(self.place(state));
        youth.copied().unwrap_or_default().into()
    }

    /// The memory that they take, approximately, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn place(&self, state: State) -> usize {
        state as usize / self.row.max(1)
    }

    /// The edge for a byte in `state`, which gets a new index if the states are created again.
    #[inline]
    pub(super) fn edge(&mut self, needles: &Needles, state: &mut State, byte: u8) -> Edge {
        let place = *state as usize + usize::from(needles.class(byte));
        let mut edge = self.table.get(place).copied().unwrap_or(UNKNOWN);
        if edge == UNKNOWN {
            edge = self.add_edge(needles, state, byte);
        }
        if edge & IS_STEP == 0 {
            Edge::Same(edge)
        } else {
            Edge::Transition((edge & !IS_STEP) as usize)
        }
    }

    /// The transition of an edge.
    #[inline]
    pub(super) fn step(&self, step: usize) -> Option<&Transition> {
        self.steps.get(step)
    }

    #[cold]
    fn add_edge(&mut self, needles: &Needles, state: &mut State, byte: u8) -> u32 {
        if self.bytes > MAX_BYTES {
            let under_way = self.under_way(*state);
            *self = Self::new(needles);
            *state = self.state(under_way);
        }
        let step = self.transition(needles, *state, byte);
        let is_same = step.ended_first == 0
            && step.ended_later.is_none()
            && !step.grows_up
            && step.found.is_empty();
        let edge = if is_same {
            step.next
        } else {
            self.bytes += size_of::<Transition>() + size_of_val(&*step.found);
            self.bytes += step.ended_later.as_ref().map_or(0, |ended| ended.len());
            self.steps.push(step);
            u32::try_from(self.steps.len() - 1).unwrap_or_default() | IS_STEP
        };
        let place = *state as usize + usize::from(needles.class(byte));
        if let Some(known) = self.table.get_mut(place) {
            *known = edge;
        }
        edge
    }

    /// The transition for a byte: advances everything that is under way, and begins new threads.
    fn transition(&mut self, needles: &Needles, state: State, byte: u8) -> Transition {
        let before = self.under_way(state);
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        let mut advanced = |origin: Origin, threads: &mut dyn Iterator<Item = Thread>| {
            let mut group = Group::new();
            let mut end: Option<u32> = None;
            for thread in threads {
                needles.advance(thread, byte, &mut |advance| match advance {
                    Advance::To(thread) if seen.insert(thread) => group.push(thread),
                    Advance::To(_) => {}
                    Advance::End(needle) => {
                        end = Some(end.map_or(needle, |known| known.min(needle)))
                    }
                });
            }
            found.extend(end.map(|needle| (origin, needle)));
            group
        };
        let groups = before.groups.iter().enumerate();
        let after: Vec<Group> = groups
            .map(|(place, group)| advanced(Origin::Group(place), &mut group.iter().copied()))
            .collect();
        let [second, first] = &before.young;
        let grown = advanced(Origin::Before(2), &mut second.iter().copied());
        let second = advanced(Origin::Before(1), &mut first.iter().copied());
        let first = advanced(Origin::Before(0), &mut needles.begin());
        let ended_first = after.iter().take_while(|group| group.is_empty()).count();
        let ended = after.iter().skip(ended_first).map(Vec::is_empty);
        let ended_later: Box<[bool]> = ended.collect();
        let grows_up = !grown.is_empty();
        let groups = after.into_iter().chain([grown]);
        let after = UnderWay {
            groups: groups.filter(|group| !group.is_empty()).collect(),
            young: [second, first],
        };
        Transition {
            next: self.state(Arc::new(after)),
            ended_first,
            ended_later: ended_later.contains(&true).then_some(ended_later),
            grows_up,
            found: found.into(),
        }
    }
}
