//! The first load of the plugins.

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

/// How many configurations without a component are reported by name. A folder used for something else may have
/// thousands.
const MAX_LONELY_REPORTED: usize = 10;

/// Why the host can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The plugins folder can't be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The default connector does not exist.
    #[error(transparent)]
    MissingDefault(#[from] MissingDefaultError),
}

/// The result of loading a plugins folder, and the tasks that keep it up to date.
pub struct Startup {
    /// All connectors that are served.
    pub connectors: Arc<Connectors>,
    /// The result of each component, except those still loading, in the order of their names.
    pub reports: Vec<LoadReport>,
    /// Finishes the components that are still loading, and keeps up with the folder, once it runs. Requests for a
    /// component that is still loading wait.
    pub loader: Loader,
    /// Frees what idle connectors hold, once it runs.
    pub reclaimer: IdleReclaimer,
    /// Returns the heap's free memory to the system, once it runs.
    pub trimmer: HeapTrimmer,
}

impl Plugins {
    /// Loads every component, and waits for those that don't take long, which are most of those in the cache. A
    /// component that fails or takes long does not keep others from serving.
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
        for path in listing.lonely.iter().take(MAX_LONELY_REPORTED) {
            tracing::warn!(path = %path.display(), "this configuration has no component; check its name");
        }
        if let Some(more @ 1..) = listing.lonely.len().checked_sub(MAX_LONELY_REPORTED) {
            tracing::warn!(more, "more configurations have no component");
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
        intake.note_progress();
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
