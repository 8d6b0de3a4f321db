//! Waits until files have settled, so that a half-copied file is not loaded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::seen::SeenFiles;

/// How long a file must have stayed unchanged.
pub(super) const SETTLE: Duration = Duration::from_millis(200);

/// The changed components as the last look found them; `None` for one that was removed.
#[derive(Default)]
pub(super) struct Settling(BTreeMap<PathBuf, (Option<SeenFiles>, Instant)>);

impl Settling {
    /// Whether a component has looked like this for long enough.
    pub(super) fn has_settled(&mut self, path: &Path, seen: Option<SeenFiles>) -> bool {
        match self.0.get(path) {
            Some((before, since)) if *before == seen => since.elapsed() >= SETTLE,
            _ => {
                self.0.insert(path.to_owned(), (seen, Instant::now()));
                false
            }
        }
    }

    /// Stops waiting for this component.
    pub(super) fn forget(&mut self, path: &Path) {
        self.0.remove(path);
    }

    /// Whether no component is being waited for.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
