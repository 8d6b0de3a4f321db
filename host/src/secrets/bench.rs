//! The search for one secret, so that a benchmark can measure it by itself. Only with the feature `bench`.

use std::fmt;

use super::Finder;

/// A secret made ready for the search, as each call of a connector has those of its own.
pub struct BenchFinder(Finder);

impl BenchFinder {
    /// Nothing, if no text could hold the secret.
    #[must_use]
    pub fn new(secret: &str) -> Option<Self> {
        Finder::new([(secret, "(hidden)")].into_iter()).map(Self)
    }

    /// The text with the secret hidden, in bytes; nothing, if the secret isn't there.
    #[must_use]
    pub fn hide(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.0.replaced(text)
    }
}

impl fmt::Debug for BenchFinder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BenchFinder").finish_non_exhaustive()
    }
}
