//! Builds a connector's sources into a component and installs it in the plugins folder.
//!
//! This module recognizes the language (`language.rs`), finds what the build lacks and installs it (`needs.rs`), calls
//! the language's tools, and installs the component (`install.rs`) and its `NAME.toml` (`configuration.rs`). The tools are
//! the author's own: they are called as a person would call them. Their versions are checked only if an old one would
//! fail without a helpful message.
//!
//! Uses `check`, which reads what a component exports.

mod c;
mod cargo;
mod component;
mod configuration;
mod connector_folders;
mod difference;
mod disk_space;
mod error;
mod fetching;
mod install;
mod javascript;
mod language;
mod manifest;
mod missing_folder;
mod needs;
mod node_packages;
mod output;
mod process_group;
mod project;
mod python;
mod python_environment;
mod python_sources;
mod quoting;
mod record;
mod replacement;
mod requirements;
mod sources;
mod tool;
mod watch;

pub(crate) use component::BuiltComponent;
pub(crate) use configuration::{ConfigOutcome, ConfigPolicy};
pub(crate) use error::BuildError;
pub(crate) use install::{InstallTarget, Installation};
pub(in crate::author) use javascript::{GET_NODE, require_node};
pub(crate) use language::ProjectLanguage;
pub(crate) use needs::InstallableNeed;
pub(in crate::author) use node_packages::get_packages;
pub(crate) use project::Project;
pub(in crate::author) use python_environment::{GET_PYTHON, get_componentize};
pub(crate) use quoting::{commands_for, quoted};
pub(crate) use replacement::Replacement;
pub(in crate::author) use tool::Tool;
pub(crate) use watch::SourceWatch;

use crate::author::check::{Severity, surface};

/// Builds a connector. `announce` receives each command before it runs. What [`InstallableNeed::of`] finds has to be
/// installed before.
///
/// # Errors
///
/// [`BuildError`]: a tool is missing or fails, or its output is not a connector.
pub(crate) async fn build(
    project: &Project,
    announce: &mut dyn FnMut(&str),
) -> Result<BuiltComponent, BuildError> {
    let path = match project.language {
        ProjectLanguage::Rust => cargo::build(project, announce).await?,
        ProjectLanguage::Python => python::build(project, announce).await?,
        ProjectLanguage::JavaScript => javascript::build(project, announce).await?,
        ProjectLanguage::C => c::build(project, announce).await?,
    };
    let bytes = component::read(&path)?;
    let (_, findings) = surface(&bytes);
    let error = findings
        .into_iter()
        .find(|finding| finding.code.severity() == Severity::Error);
    if let Some(finding) = error {
        return Err(BuildError::NoConnector {
            path,
            reason: finding.message,
        });
    }
    Ok(BuiltComponent { path, bytes })
}
