//! The first look at the plugins.

use std::sync::Arc;

use super::admission::AdmissionSettings;
use super::error::FolderError;
use super::intake::Intake;
use super::load::LoadReport;
use super::plugins::Plugins;
use super::reclaim::IdleReclaimer;
use super::registry::{Connectors, MissingDefaultError};
use super::reload::Loader;
use super::trim::HeapTrimmer;
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
    /// What became of each component but those that are still loading, in the order of their names.
    pub reports: Vec<LoadReport>,
    /// Goes on with those that are still loading, and keeps all as the folder is, once it runs. Requests for one that is
    /// still loading wait.
    pub loader: Loader,
    /// Gives back what nobody uses, once it runs.
    pub reclaimer: IdleReclaimer,
    /// Gives the heap's free memory back to the system, once it runs.
    pub trimmer: HeapTrimmer,
}

impl Plugins {
    /// Loads every component, and waits for those that don't take long: most of those that the cache has. One that fails
    /// or takes long keeps no other from serving.
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
        let connectors = Arc::new(Connectors::new(
            default,
            admission,
            self.runtime.account().clone(),
        ));
        let reclaimer = IdleReclaimer::new(connectors.clone(), self.runtime.clone());
        let trimmer = HeapTrimmer::new(self.runtime.account().clone());
        let mut intake = Intake::new(connectors.clone(), self.clone());
        for path in listing.components {
            intake.begin_first(path);
        }
        let mut reports = Vec::new();
        while intake.will_end_soon() {
            let (path, news) = intake.next().await;
            reports.extend(intake.take(&path, news));
        }
        reports.sort_by(|one, other| one.name.cmp(&other.name));
        intake.announce_loading();
        connectors.check_default()?;
        Ok(Startup {
            connectors,
            reports,
            loader: Loader::new(self, intake),
            reclaimer,
            trimmer,
        })
    }
}
