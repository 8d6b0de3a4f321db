//! The first look at the plugins.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::admission::AdmissionSettings;
use super::error::FolderError;
use super::load::{Candidate, CodeSource, LoadReport, load_all};
use super::pending::PendingLoads;
use super::plugins::Plugins;
use super::reclaim::IdleReclaimer;
use super::registry::{Connectors, MissingDefaultError};
use super::reload::Reloader;
use crate::config::ConnectorName;

/// How many configurations without a component are named. A folder that is something else altogether has thousands.
const LONELY_TOLD: usize = 10;

/// Why there is nothing to serve from.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The plugins folder can't be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The default connector is not there.
    #[error(transparent)]
    MissingDefault(#[from] MissingDefaultError),
}

/// What a plugins folder came to, and what keeps it so.
pub struct Startup {
    /// All that is served.
    pub connectors: Arc<Connectors>,
    /// What became of each component but those of `pending`, in the order of their names.
    pub reports: Vec<LoadReport>,
    /// Compiles what the cache does not have, once it runs. Requests for it wait.
    pub pending: PendingLoads,
    /// Keeps it as the folder is, once it runs.
    pub reloader: Reloader,
    /// Gives back what nobody uses, once it runs.
    pub reclaimer: IdleReclaimer,
}

impl Plugins {
    /// Loads every component whose compiled code is in the cache; the rest is the caller's to run. One that fails keeps no other from serving.
    ///
    /// `default` is the connector behind the plain routes.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub async fn load(
        self,
        default: Option<ConnectorName>,
        admission: AdmissionSettings,
    ) -> Result<Startup, StartError> {
        let listing = self.list().await?;
        for path in listing.lonely.iter().take(LONELY_TOLD) {
            tracing::warn!(path = %path.display(), "a configuration without a component; is its name right?");
        }
        if let Some(more @ 1..) = listing.lonely.len().checked_sub(LONELY_TOLD) {
            tracing::warn!(more, "more configurations without a component");
        }
        let candidates = listing.components.keys().map(|path| Candidate {
            path: path.clone(),
            previous: None,
            code: CodeSource::Cached,
        });
        let attempts = load_all(&self, candidates).await;
        let connectors = Arc::new(Connectors::new(
            default,
            admission,
            self.runtime.account().clone(),
        ));
        let reclaimer = IdleReclaimer::new(connectors.clone(), self.runtime.clone());
        let reloader = Reloader::new(
            connectors.clone(),
            self.clone(),
            &attempts,
            &listing.components,
        );
        let (mut reports, mut put_off) = (Vec::new(), BTreeMap::new());
        for attempt in attempts {
            match attempt.entry.map(|entry| connectors.put(entry)) {
                Some(entry) if entry.is_loading() => {
                    put_off.insert(attempt.path, entry);
                }
                _ => reports.push(attempt.report),
            }
        }
        let pending = PendingLoads::new(connectors.clone(), self, put_off);
        connectors.check_default()?;
        Ok(Startup {
            connectors,
            reports,
            reloader,
            reclaimer,
            pending,
        })
    }
}
