//! Warnings about headers that are left out, each once.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::lock::Mutex;
use crate::secrets::Secrets;

/// Warnings that are remembered; past it, none are given any more.
const MAX_WARNINGS: usize = 256;

/// As much of a name as is shown.
const SHOWN_BYTES: usize = 64;

/// Which headers of which origins have been warned of, for one connector.
pub(in crate::egress) struct HeadWarnings {
    connector: Arc<str>,
    /// An API may answer with the credential that it got, and in any place.
    secrets: Secrets,
    given: Mutex<HashSet<String>>,
}

impl HeadWarnings {
    pub(in crate::egress) fn new(connector: Arc<str>, secrets: Secrets) -> Self {
        Self {
            connector,
            secrets,
            given: Mutex::default(),
        }
    }

    /// Warns of a header that is left out, or of a line that is none.
    pub(super) fn left_out(&self, origin: &str, name: &str) {
        self.give(
            origin,
            name,
            "it has bytes that no header may have, or no name and colon; the response is read without it",
        );
    }

    /// Warns of a header of several lines.
    pub(super) fn folded(&self, origin: &str, name: &str) {
        self.give(
            origin,
            name,
            "it has several lines, which is obsolete; they are joined with a blank",
        );
    }

    fn give(&self, origin: &str, name: &str, what: &str) {
        let name = self.secrets.shown_beginning(name, SHOWN_BYTES);
        {
            let mut given = self.given.lock();
            if given.len() >= MAX_WARNINGS || !given.insert(format!("{origin} {name} {what}")) {
                return;
            }
        }
        tracing::warn!(
            connector = &*self.connector,
            origin,
            "the response's header `{name}` is not as it should be: {what}"
        );
    }
}

impl fmt::Debug for HeadWarnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeadWarnings").finish_non_exhaustive()
    }
}
