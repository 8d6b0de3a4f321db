//! Copies a component into the plugins folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::component::{self, BuiltComponent};
use super::configuration::{ConfigOutcome, ConfigPair, ConfigPolicy};
use super::error::BuildError;
use super::needs::installed_packages;
use super::project::Project;
use super::record::{BuildRecord, InstalledDigests};
use super::replacement::{NEW_FILE_MODE, replace};
use super::sources::{SourceDigests, absolute, hex_digest};

/// The files that were put into the plugins folder, or stayed there.
#[derive(Debug)]
pub(crate) struct Installation {
    /// The path of the component.
    pub(crate) component: PathBuf,
    /// Whether the component there was already the same.
    pub(crate) is_unchanged: bool,
    /// What was done with the `NAME.toml`.
    pub(crate) config: ConfigOutcome,
}

/// A plugins folder to which a project is installed.
pub(crate) struct InstallTarget<'p> {
    project: &'p Project,
    plugins: &'p Path,
    config: ConfigPair,
    record: BuildRecord,
    /// The digest of the sources before the build; `None` if it is unknown.
    sources: Option<String>,
}

impl<'p> InstallTarget<'p> {
    /// Reads what is installed, and the sources. To be called before the build: a change of a source during the build
    /// then counts as a change since the build.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: the project's `NAME.toml` would have to be installed, and is not valid.
    pub(crate) fn prepare(
        project: &'p Project,
        plugins: &'p Path,
        policy: ConfigPolicy,
    ) -> Result<Self, BuildError> {
        let config = ConfigPair::new(project, plugins, policy);
        config.check()?;
        let tools = installed_packages(project.language, &project.folder);
        let sources = SourceDigests::read(&project.folder, &absolute(plugins));
        Ok(Self {
            project,
            plugins,
            config,
            record: BuildRecord::read(&project.folder, plugins),
            sources: sources.of_component(&project.folder, &project.config(), &tools),
        })
    }

    fn component(&self) -> PathBuf {
        self.plugins.join(format!("{}.wasm", self.project.name))
    }

    /// Whether the installed component was built from the present sources. Never for Rust: Cargo itself knows best, since
    /// a package may depend on others outside its folder.
    pub(crate) fn is_current(&self) -> bool {
        let recorded = self.record.installed();
        self.project.language.has_all_sources_in_its_folder()
            && self.sources.is_some()
            && recorded.sources == self.sources
            && recorded.component.is_some()
            && component::read(&self.component())
                .is_ok_and(|bytes| recorded.component == Some(hex_digest(&bytes)))
    }

    /// Settles only the `NAME.toml`: the component [is current](Self::is_current).
    ///
    /// # Errors
    ///
    /// [`BuildError`]: a file can't be read or written, or the project's `NAME.toml` is not valid.
    pub(crate) fn keep(self) -> Result<Installation, BuildError> {
        let mut digests = self.record.installed();
        let (config, digest) = self.config.settle(digests.config)?;
        digests.config = digest;
        let component = self.component();
        self.record.set(digests);
        Ok(Installation {
            component,
            is_unchanged: true,
            config,
        })
    }

    /// Copies a component into the folder, which is created if it doesn't exist, and settles the `NAME.toml`.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: a file can't be read or written, or the project's `NAME.toml` is not valid.
    pub(crate) fn install(self, built: &BuiltComponent) -> Result<Installation, BuildError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| BuildError::File { path, source }
        };
        fs::create_dir_all(self.plugins).map_err(failed(self.plugins))?;
        let recorded = self.record.installed();
        // Before the component, so that a host never loads the component without it.
        let (config, config_digest) = self.config.settle(recorded.config)?;
        let component = self.component();
        let digest = hex_digest(&built.bytes);
        // A host would load the same component again.
        let is_unchanged = component::read(&component).is_ok_and(|old| old == built.bytes);
        if !is_unchanged {
            replace(&component, &built.bytes, NEW_FILE_MODE).map_err(failed(&component))?;
        }
        self.record.set(InstalledDigests {
            sources: self.sources,
            component: Some(digest),
            config: config_digest,
        });
        Ok(Installation {
            component,
            is_unchanged,
            config,
        })
    }
}
