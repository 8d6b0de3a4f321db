//! The connectors of this host, and how many of their calls may run at once.
//!
//! This room reads the plugins folder and keeps up with its changes. It has the registry from name to ready
//! connector, and admission: the slots and the queue for them. It does not know HTTP statuses or how a call runs.
//!
//! Uses `sandbox`, and `egress` to create a connector's access to the network.

mod admission;
mod compiled_files;
mod component_file;
mod component_memory;
mod connector;
mod connector_keys;
mod entry;
mod error;
mod failures;
mod gauges;
#[cfg(test)]
mod hanging;
mod intake;
mod journal;
mod load;
mod loads;
mod looks;
mod named_files;
mod overview;
mod plugins;
mod readiness;
mod readiness_report;
mod reclaim;
mod record;
mod registry;
mod reload;
mod reload_request;
mod seen;
mod settling;
mod start;
#[cfg(test)]
mod tests;
mod trial;
mod trim;
mod watch;

pub(crate) use crate::sandbox::{CallError, GuestPage, GuestSchema};
pub use admission::AdmissionSettings;
pub(crate) use admission::{Evictable, Slot};
pub use compiled_files::CompiledFiles;
pub(crate) use connector::Connector;
pub(crate) use entry::Lookup;
pub(crate) use error::ConnectorError;
pub use error::{FolderError, LoadError};
pub(crate) use journal::{JournalCopy, PageNote};
pub use load::{LoadReport, LoadSummary};
pub(crate) use overview::ConnectorOverview;
pub use plugins::Plugins;
pub(crate) use plugins::component_paths;
pub use readiness::{Readiness, ReadinessStage};
pub(crate) use readiness_report::ReportReader;
pub use reclaim::IdleReclaimer;
pub use registry::{Connectors, MissingDefaultError};
pub use reload::Loader;
pub use reload_request::{ComponentChange, ReloadError, ReloadHandle, ReloadSummary};
pub use start::{StartError, Startup};
pub use trim::HeapTrimmer;
