//! Skips repetitions in a text, such as those of a secret that overlaps itself, after reading them once.

use std::collections::VecDeque;

use super::automaton::State;
use super::coverage::Coverage;

/// The search is compared with a new snapshot after at most this many secrets.
const MOST_BETWEEN: u32 = 64;

/// A snapshot of a search right after a secret. If the search has the same state again, some bytes later, and the same
/// bytes follow, it continues in the same way.
#[derive(Debug)]
pub(super) struct Cycle {
    at: usize,
    state: State,
    starts: VecDeque<usize>,
    /// The number of ranges that were not final, and the beginning of the last one.
    found: (usize, usize),
    /// The number of secrets between two snapshots, and how many have ended since this one.
    between: u32,
    ended: u32,
}

impl Cycle {
    pub(super) fn new() -> Self {
        Self {
            at: 0,
            state: State::MAX,
            starts: VecDeque::new(),
            found: (0, 0),
            between: 1,
            ended: 0,
        }
    }

    /// Called when a secret has ended right before `at`. Returns how many bytes of the text can be skipped: the only
    /// effect is that the last range found grows by them, and that the groups under way begin later.
    pub(super) fn ahead(
        &mut self,
        text: &[u8],
        at: usize,
        state: State,
        starts: &VecDeque<usize>,
        found: &VecDeque<Coverage>,
    ) -> usize {
        let open = (
            found.len(),
            found.back().map_or(at, |last| last.range.start),
        );
        let period = at.saturating_sub(self.at);
        let is_again = self.state == state
            && self.found == open
            && self.starts.len() == starts.len()
            && period > 0
            && starts
                .iter()
                .zip(&self.starts)
                .all(|(now, then)| *now == then + period);
        if is_again {
            let again = repeated_bytes(text, at, period);
            return again - again % period;
        }
        self.ended += 1;
        if self.ended >= self.between {
            self.between = (self.between * 2).min(MOST_BETWEEN);
            self.ended = 0;
            self.at = at;
            self.state = state;
            self.found = open;
            self.starts.clone_from(starts);
        }
        0
    }
}

/// How many bytes from `at` equal the bytes that are `period` bytes before them.
fn repeated_bytes(text: &[u8], at: usize, period: usize) -> usize {
    const PIECE: usize = 64;
    let (Some(now), Some(then)) = (text.get(at..), text.get(at.saturating_sub(period)..)) else {
        return 0;
    };
    let pieces = now.chunks_exact(PIECE).zip(then.chunks_exact(PIECE));
    let equal = PIECE * pieces.take_while(|(now, then)| now == then).count();
    let rest = now.iter().zip(then).skip(equal);
    equal + rest.take_while(|(now, then)| now == then).count()
}
