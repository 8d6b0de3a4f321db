//! Exposes the search for one secret to benchmarks. Only with the feature `bench`.

use std::fmt;

use super::Finder;

/// A finder for one secret, as each call of a connector has for its own secrets.
pub struct BenchFinder(Finder);

impl BenchFinder {
    /// `None` if no text could contain the secret.
    #[must_use]
    pub fn new(secret: &str) -> Option<Self> {
        Finder::new([(secret, "(hidden)")].into_iter()).map(Self)
    }

    /// The text in bytes with the secret hidden; `None` if it doesn't contain the secret.
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
