//! A connector's folder: its language, and the connector's name.

use std::path::{Path, PathBuf};

use super::error::BuildError;
use super::language::ProjectLanguage;
use super::manifest::{CargoManifest, NodeManifest};
use super::missing_folder::no_folder;
use crate::config::ConnectorName;

/// The sources of one connector.
#[derive(Debug)]
pub(crate) struct Project {
    /// An absolute path, so that tools that run in the folder can use it.
    pub(crate) folder: PathBuf,
    /// The path by which the user knows the folder, for messages.
    pub(crate) shown: PathBuf,
    pub(crate) language: ProjectLanguage,
    pub(crate) name: ConnectorName,
}

impl Project {
    /// Recognizes the project in a folder. `language` is the one that the user names, if any.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: it is not a folder, the language is not recognized, or the name can't be a connector's.
    pub(crate) fn find(
        folder: &Path,
        language: Option<ProjectLanguage>,
    ) -> Result<Self, BuildError> {
        if folder.is_file() {
            return Err(BuildError::NotFolder(folder.to_owned()));
        }
        if !folder.is_dir() {
            return Err(no_folder(folder));
        }
        let absolute = folder.canonicalize().map_err(|source| BuildError::File {
            path: folder.to_owned(),
            source,
        })?;
        let language = ProjectLanguage::recognize(&absolute, folder, language)?;
        let (name, path) = name(language, &absolute, folder)?;
        let parsed = name
            .parse()
            .map_err(|source| BuildError::Name { name, path, source })?;
        Ok(Self {
            folder: absolute,
            shown: folder.to_owned(),
            language,
            name: parsed,
        })
    }

    /// The connector's `NAME.toml` in the folder, which may not exist.
    pub(super) fn config(&self) -> PathBuf {
        self.folder.join(self.name.config_file())
    }

    /// The same path for messages.
    pub(super) fn shown_config(&self) -> PathBuf {
        let file = self.name.config_file();
        if self.shown == Path::new(".") {
            file.into()
        } else {
            self.shown.join(file)
        }
    }
}

/// The connector's name, and the file or folder that it comes from.
fn name(
    language: ProjectLanguage,
    folder: &Path,
    shown: &Path,
) -> Result<(String, PathBuf), BuildError> {
    let (name, file, section) = match language {
        ProjectLanguage::Rust => {
            let manifest = CargoManifest::read(&folder.join("Cargo.toml"))?;
            (manifest.name, "Cargo.toml", " in `[package]`")
        }
        ProjectLanguage::JavaScript => {
            let manifest = NodeManifest::read(&folder.join("package.json"))?;
            (manifest.name().map(str::to_owned), "package.json", "")
        }
        ProjectLanguage::Python | ProjectLanguage::C => {
            let name = folder.file_name().unwrap_or_default();
            return Ok((name.to_string_lossy().into_owned(), folder.to_owned()));
        }
    };
    let path = shown.join(file);
    match name {
        Some(name) => Ok((name, path)),
        None => Err(BuildError::Manifest {
            path,
            reason: format!("there is no `name`{section}"),
        }),
    }
}
