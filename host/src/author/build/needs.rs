//! What a build needs besides the sources: tools and packages that can be installed for the author.

use std::path::Path;

use super::cargo::{self, GET_RUST};
use super::error::BuildError;
use super::fetching::{Fetcher, RUSTUP};
use super::javascript::require_node;
use super::language::ProjectLanguage;
use super::node_packages::NodePackages;
use super::project::Project;
use super::python_environment::PythonPackages;
use super::tool::Tool;
use super::{c, node_packages, python_environment};

/// Something that a build needs and that can be installed.
#[derive(Debug)]
pub(crate) enum InstallableNeed {
    /// Python packages in the folder's virtual environment.
    PythonPackages(PythonPackages),
    /// npm packages in the folder's `node_modules`.
    NodePackages(NodePackages),
    /// The target of Rust for components.
    RustTarget,
}

impl InstallableNeed {
    /// What the project lacks; `None` if it can be built.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: something is missing or too old that the author has to install, such as Python or Node.
    pub(crate) async fn of(project: &Project) -> Result<Option<Self>, BuildError> {
        let folder = &project.folder;
        Ok(match project.language {
            ProjectLanguage::Rust => {
                (!cargo::has_target(folder).await?).then_some(Self::RustTarget)
            }
            ProjectLanguage::Python => PythonPackages::of_python(folder)
                .await?
                .map(Self::PythonPackages),
            ProjectLanguage::JavaScript => {
                require_node(folder).await?;
                NodePackages::of(folder)?.map(Self::NodePackages)
            }
            ProjectLanguage::C => c::missing_zig(folder).await?.map(Self::PythonPackages),
        })
    }

    /// What is missing, for a message: a noun that follows “needs”.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::PythonPackages(packages) => packages.description(),
            Self::NodePackages(packages) => packages.description(),
            Self::RustTarget => format!("the Rust target {}", cargo::TARGET),
        }
    }

    /// Installs it. `announce` receives each command before it runs.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: a tool is missing or fails.
    pub(crate) async fn fetch(
        &self,
        project: &Project,
        announce: &mut dyn FnMut(&str),
    ) -> Result<(), BuildError> {
        match self {
            Self::PythonPackages(packages) => packages.fetch(announce).await,
            Self::NodePackages(packages) => packages.fetch(announce).await,
            Self::RustTarget => {
                let rustup = Tool::new("rustup", &project.folder, GET_RUST).with([
                    "target",
                    "add",
                    cargo::TARGET,
                ]);
                Fetcher::new(rustup, RUSTUP).run(announce).await
            }
        }
    }
}

/// The installed packages that a project's component depends on, for a digest.
pub(super) fn installed_packages(language: ProjectLanguage, folder: &Path) -> Vec<String> {
    match language {
        ProjectLanguage::Python | ProjectLanguage::C => python_environment::packages_of(folder),
        ProjectLanguage::JavaScript => node_packages::packages_of(folder),
        // Cargo knows.
        ProjectLanguage::Rust => Vec::new(),
    }
}
