//! Connectors that the cache does not have: they are compiled while the others serve already.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::entry::RegistryEntry;
use super::load::{Candidate, CodeSource, LoadReport, Loads};
use super::plugins::Plugins;
use super::registry::Connectors;

/// What is still to be compiled, once it runs.
pub struct PendingLoads {
    connectors: Arc<Connectors>,
    plugins: Plugins,
    /// With the entries that stand in their place until then.
    components: BTreeMap<PathBuf, Arc<RegistryEntry>>,
}

impl PendingLoads {
    pub(super) fn new(
        connectors: Arc<Connectors>,
        plugins: Plugins,
        components: BTreeMap<PathBuf, Arc<RegistryEntry>>,
    ) -> Self {
        Self {
            connectors,
            plugins,
            components,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.components.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.components.is_empty()
    }

    /// Compiles them, as many at once as there are processors, and tells what became of each as soon as it is known.
    /// Requests for one wait until then. One whose file changes meanwhile is left to the reload.
    pub async fn run(self, mut tell: impl FnMut(LoadReport)) {
        let candidates = self.components.keys().map(|path| Candidate {
            path: path.clone(),
            previous: None,
            code: CodeSource::CompiledAnew,
        });
        let mut loads = Loads::begin(&self.plugins, candidates);
        while let Some(attempt) = loads.next().await {
            let is_current = match (self.components.get(&attempt.path), attempt.entry) {
                (Some(awaited), Some(entry)) => self.connectors.put_loaded(awaited, entry),
                _ => true,
            };
            if is_current {
                tell(attempt.report);
            }
        }
    }
}
