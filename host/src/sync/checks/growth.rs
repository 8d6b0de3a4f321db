//! Detects a state that grows with every page.

use super::warning::WarningKind;

/// How many pages in a row the state must grow.
const PAGES: u32 = 20;

/// Smaller states are harmless.
const HARMLESS_BYTES: usize = 64 * 1024;

/// The growth of a table's state.
#[derive(Debug, Default)]
pub(super) struct Growth {
    last: Option<usize>,
    grown: u32,
    reported: bool,
}

impl Growth {
    pub(super) fn add(&mut self, bytes: usize) -> Option<WarningKind> {
        self.grown = match self.last.replace(bytes) {
            Some(last) if bytes > last => self.grown.saturating_add(1),
            _ => 0,
        };
        if self.reported || self.grown < PAGES || bytes <= HARMLESS_BYTES {
            return None;
        }
        self.reported = true;
        Some(WarningKind::StateGrows {
            pages: self.grown,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_growth_to_a_harmful_size_is_reported_once() {
        let mut growth = Growth::default();
        let found: Vec<_> = (0..40).filter_map(|page| growth.add(page * 4000)).collect();
        assert_eq!(
            found,
            [WarningKind::StateGrows {
                pages: 20,
                bytes: 80_000
            }]
        );
    }

    #[test]
    fn small_or_fluctuating_states_are_not_reported() {
        let mut small = Growth::default();
        assert!((0..1000).all(|page| small.add(page).is_none()));
        let mut wavering = Growth::default();
        assert!((0..1000).all(|page| wavering.add(100_000 + page % 20).is_none()));
    }
}
