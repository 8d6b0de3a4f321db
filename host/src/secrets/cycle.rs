//! Texts that repeat themselves, as of a secret that overlaps itself: read once, and passed over from then on.

use std::collections::VecDeque;

use super::automaton::State;
use super::coverage::Coverage;

/// After so many secrets at the most the search is compared with another one of its moments.
const MOST_BETWEEN: u32 = 64;

/// A moment of a search, right after the end of a secret. Where all is as it was then but further on by some bytes, and
/// the same bytes come again, all goes on as it did.
#[derive(Debug)]
pub(super) struct Cycle {
    at: usize,
    state: State,
    starts: VecDeque<usize>,
    /// How many secrets were not decided, and where the last of them began.
    found: (usize, usize),
    /// After how many secrets another moment takes the place of this one, and how many have ended since.
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

    /// A secret has ended right before `at`. How many bytes of the text may be passed over: all that comes to pass is that
    /// the last secret found becomes longer by them, and what is under way begins later.
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

/// How many bytes from `at` on are those that stand `period` bytes before them.
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
