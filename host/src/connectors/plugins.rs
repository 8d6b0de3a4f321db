//! The source of connectors: a folder of `NAME.wasm` and `NAME.toml`, or a single component.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::compiled_files::CompiledFiles;
use super::component_memory::ComponentMemory;
use super::error::FolderError;
use super::failures::Failures;
use super::watch::FolderId;
use crate::config::{
    Ceilings, ConnectorName, FileStamp, FileSystem, FileThreads, HostFile, NotedFiles,
    OperatorBounds, SystemFiles, TimedFiles, folder_of, shown_config_file,
};
use crate::egress::Upstreams;
use crate::sandbox::{Runtime, processors};

/// A plugins folder, and everything that its connectors are loaded with.
#[derive(Clone)]
pub struct Plugins {
    pub(super) runtime: Arc<Runtime>,
    pub(super) upstreams: Arc<Upstreams>,
    pub(super) path: PathBuf,
    /// What configurations may say at most, now.
    bounds: watch::Receiver<OperatorBounds>,
    pub(super) files: FileThreads,
    /// Permits for reading a component and mapping its code.
    pub(super) places: Arc<Semaphore>,
    pub(super) memory: Arc<ComponentMemory>,
    pub(super) failures: Arc<Failures>,
    /// Where code is that was compiled ahead; `None` if none is used.
    pub(super) compiled: Option<CompiledFiles>,
    /// Whether the messages to clients name configurations by their paths.
    shows_paths: bool,
}

/// How long the folder itself may take to respond.
const FOLDER_TIME: Duration = Duration::from_secs(5);

/// The minimum number of components that are read at once, so that a few that don't respond don't delay the others.
const LEAST_PLACES: usize = 4;

/// The contents of a folder at one moment.
#[derive(Debug)]
pub(super) struct Listing {
    /// The components.
    pub(super) components: BTreeSet<PathBuf>,
    /// Configurations without a component, usually because one of the names is misspelled.
    pub(super) lonely: Vec<PathBuf>,
    /// The folder whose changes can be watched.
    pub(super) folder: FolderId,
}

impl Plugins {
    /// The folder at `path`. If that is a file ending in `.wasm`, this component alone, as if it were in its own
    /// folder.
    #[must_use]
    pub fn new(
        runtime: Arc<Runtime>,
        upstreams: Arc<Upstreams>,
        path: PathBuf,
        ceilings: Ceilings,
    ) -> Self {
        Self {
            runtime,
            upstreams,
            path,
            bounds: watch::channel(OperatorBounds::without_policy(ceilings)).1,
            files: FileThreads::new(Arc::new(SystemFiles)),
            memory: ComponentMemory::new(ceilings.component_bytes),
            places: Arc::new(Semaphore::new(LEAST_PLACES.max(processors() as usize))),
            failures: Arc::default(),
            compiled: None,
            shows_paths: false,
        }
    }

    /// Lets configurations say what these bounds permit.
    #[must_use]
    pub fn with_bounds(self, bounds: watch::Receiver<OperatorBounds>) -> Self {
        Self { bounds, ..self }
    }

    /// Loads code from compiled files.
    #[must_use]
    pub fn with_compiled_files(self, compiled: Option<CompiledFiles>) -> Self {
        Self { compiled, ..self }
    }

    /// Names configurations by their paths in messages to clients: the only one is the command that was given the path. Others
    /// learn only a file's name.
    #[must_use]
    pub fn with_shown_paths(self) -> Self {
        Self {
            shows_paths: true,
            ..self
        }
    }

    /// What messages call the configuration of the component at `path`.
    pub(super) fn config_file(&self, path: &Path, name: &ConnectorName) -> String {
        if self.shows_paths {
            shown_config_file(&path.with_extension("toml"))
        } else {
            name.config_file()
        }
    }

    /// What configurations may say at most, now.
    pub(super) fn bounds(&self) -> OperatorBounds {
        self.bounds.borrow().clone()
    }

    /// Waits until the bounds change.
    pub(super) async fn bounds_changed(&mut self) {
        if self.bounds.changed().await.is_err() {
            // Nobody is left who could change them.
            std::future::pending().await
        }
    }

    /// Uses other files than the system's.
    #[cfg(test)]
    pub(super) fn with_files(self, files: Arc<dyn FileSystem>) -> Self {
        Self {
            files: FileThreads::new(files),
            ..self
        }
    }

    /// The present contents.
    ///
    /// # Errors
    ///
    /// [`FolderError`] if the folder can't be listed or doesn't respond.
    pub(super) async fn list(&self) -> Result<Listing, FolderError> {
        let path = self.path.clone();
        let list = move |files: &NotedFiles| Listing::of(&path, files);
        let listed = self.files.run(&self.path, FOLDER_TIME, list).await;
        listed
            .map_err(io::Error::other)
            .flatten()
            .map_err(|source| FolderError {
                folder: self.path.clone(),
                source,
            })
    }
}

impl Listing {
    /// The contents of a folder, or of a single component if there is one at the path.
    fn of(path: &Path, files: &dyn FileSystem) -> io::Result<Self> {
        if is_component(path) && !files.is_folder(path) {
            return Ok(Self {
                components: BTreeSet::from([path.to_owned()]),
                lonely: Vec::new(),
                folder: FolderId::of(folder_of(path)),
            });
        }
        let mut listing = Self {
            components: BTreeSet::new(),
            lonely: Vec::new(),
            folder: FolderId::of(path),
        };
        for path in files.list(path)? {
            // Editors and copying tools leave such files behind.
            let name = path.file_name().unwrap_or_default();
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if is_component(&path) {
                listing.components.insert(path);
            } else if path.extension() == Some(OsStr::new("toml")) {
                listing.lonely.push(path);
            }
        }
        listing.lonely.retain(|path| {
            let is_the_hosts = path.file_name() == Some(OsStr::new(HostFile::NAME));
            !is_the_hosts && !listing.components.contains(&path.with_extension("wasm"))
        });
        Ok(listing)
    }
}

/// The components of a plugins folder, or a single one, as a host would load them.
///
/// # Errors
///
/// The folder can't be listed, or doesn't respond.
pub(crate) fn component_paths(path: &Path) -> io::Result<BTreeSet<PathBuf>> {
    Ok(Listing::of(path, &TimedFiles)?.components)
}

fn is_component(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("wasm"))
}

/// The stamps of a component and of its configuration.
pub(super) fn stamps(files: &dyn FileSystem, component: &Path) -> [FileStamp; 2] {
    let configuration = component.with_extension("toml");
    [component, &configuration].map(|path| files.stamp(path))
}
