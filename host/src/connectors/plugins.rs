//! Where connectors come from: a folder of `NAME.wasm` and `NAME.toml`, or a single component.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::FolderError;
use crate::config::{Ceilings, FileStamp};
use crate::egress::Upstreams;
use crate::sandbox::Runtime;

/// A plugins folder, and what its connectors are loaded with.
#[derive(Clone)]
pub struct Plugins {
    pub(super) runtime: Arc<Runtime>,
    pub(super) upstreams: Arc<Upstreams>,
    pub(super) path: PathBuf,
    pub(super) ceilings: Ceilings,
}

/// What a folder holds at one moment.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The components, with the stamps of themselves and of the configurations beside them.
    pub(super) components: BTreeMap<PathBuf, [FileStamp; 2]>,
    /// Configurations that no component reads, most often since one of the names is misspelt.
    pub(super) lonely: Vec<PathBuf>,
}

impl Plugins {
    /// The folder at `path`; if that is a file that ends in `.wasm`, this component alone, as if it lay in a folder of
    /// its own.
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
            ceilings,
        }
    }

    /// Where changes can be seen.
    pub(super) fn folder(&self) -> &Path {
        if self.is_single() {
            let folder = self.path.parent().unwrap_or(Path::new(""));
            if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            }
        } else {
            &self.path
        }
    }

    fn is_single(&self) -> bool {
        is_component(&self.path) && !self.path.is_dir()
    }

    /// What is there now.
    ///
    /// # Errors
    ///
    /// [`FolderError`] if the folder can't be listed.
    pub(super) async fn list(&self) -> Result<Listing, FolderError> {
        let plugins = self.clone();
        let listed = tokio::task::spawn_blocking(move || plugins.list_blocking()).await;
        listed
            .unwrap_or_else(|error| Err(error.into()))
            .map_err(|source| FolderError {
                folder: self.path.clone(),
                source,
            })
    }

    fn list_blocking(&self) -> io::Result<Listing> {
        if self.is_single() {
            return Ok(Listing {
                components: BTreeMap::from([(self.path.clone(), stamps(&self.path))]),
                lonely: Vec::new(),
            });
        }
        let mut listing = Listing::default();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // Editors and copiers leave such.
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            if is_component(&path) {
                let stamps = stamps(&path);
                listing.components.insert(path, stamps);
            } else if path.extension() == Some(OsStr::new("toml")) {
                listing.lonely.push(path);
            }
        }
        listing.lonely.retain(|path| {
            !listing
                .components
                .contains_key(&path.with_extension("wasm"))
        });
        Ok(listing)
    }
}

fn is_component(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("wasm"))
}

/// The stamps of a component and of its configuration.
pub(super) fn stamps(component: &Path) -> [FileStamp; 2] {
    [
        FileStamp::of(component),
        FileStamp::of(&component.with_extension("toml")),
    ]
}
