//! A state that grows page by page.

use super::warning::WarningKind;

/// How many pages in a row.
const PAGES: u32 = 20;

/// A state below this does no harm.
const HARMLESS_BYTES: usize = 64 * 1024;

/// The lengths of a table's states.
#[derive(Debug, Default)]
pub(super) struct Growth {
    last: Option<usize>,
    grown: u32,
    reported: bool,
}

impl Growth {
    pub(super) fn see(&mut self, bytes: usize) -> Option<WarningKind> {
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
    fn steady_growth_to_a_harmful_size_is_told_once() {
        let mut growth = Growth::default();
        let found: Vec<_> = (0..40).filter_map(|page| growth.see(page * 4000)).collect();
        assert_eq!(
            found,
            [WarningKind::StateGrows {
                pages: 20,
                bytes: 80_000
            }]
        );
    }

    #[test]
    fn small_or_wavering_states_are_not_told() {
        let mut small = Growth::default();
        assert!((0..1000).all(|page| small.see(page).is_none()));
        let mut wavering = Growth::default();
        assert!((0..1000).all(|page| wavering.see(100_000 + page % 20).is_none()));
    }
}
