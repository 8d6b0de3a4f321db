//! The parts of a text that secrets cover.

use std::collections::VecDeque;
use std::ops::Range;

use super::automaton::{Origin, Transition};

/// A range that overlapping secrets cover, with the needle of the first one.
#[derive(Debug, Clone)]
pub(super) struct Coverage {
    pub(super) range: Range<usize>,
    pub(super) needle: u32,
}

/// Whether the first range is final. Young groups begin later than the others.
pub(super) fn is_decided(found: &VecDeque<Coverage>, starts: &VecDeque<usize>) -> bool {
    found
        .front()
        .is_some_and(|found| starts.front().is_none_or(|start| found.range.end <= *start))
}

/// Applies the transition of the byte at `at`.
pub(super) fn take(
    step: &Transition,
    at: usize,
    starts: &mut VecDeque<usize>,
    found: &mut VecDeque<Coverage>,
) {
    for (origin, needle) in &step.found {
        let start = match origin {
            Origin::Group(group) => starts.get(*group).copied().unwrap_or(at),
            Origin::Before(bytes) => at.saturating_sub(*bytes),
        };
        cover(found, start..at + 1, *needle);
    }
    for _ in 0..step.ended_first {
        starts.pop_front();
    }
    if let Some(ended) = &step.ended_later {
        let mut ended = ended.iter();
        starts.retain(|_| !ended.next().copied().unwrap_or_default());
    }
    if step.grows_up {
        starts.push_back(at.saturating_sub(2));
    }
}

/// Adds a secret, which ends at or after all known ones. Overlapping ranges are merged.
fn cover(found: &mut VecDeque<Coverage>, range: Range<usize>, needle: u32) {
    if let Some(last) = found.back_mut()
        && (last.range.start + 1..last.range.end).contains(&range.start)
    {
        last.range.end = range.end;
        return;
    }
    let mut added = Coverage { range, needle };
    while let Some(last) = found.pop_back_if(|last| last.range.end > added.range.start) {
        if last.range.start < added.range.start {
            added.range.start = last.range.start;
            added.needle = last.needle;
        }
    }
    found.push_back(added);
}
