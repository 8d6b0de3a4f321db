//! Builds a connector's sources into a component and installs it in the plugins folder.
//!
//! This module recognizes the language, calls its tools, and reports missing ones. The tools are the author's own: they
//! are called as a person would call them, and their output is passed through. Their versions are checked only if an
//! old one would fail without a helpful message.
//!
//! Uses `check`, which reads what a component exports.

mod c;
mod cargo;
mod component;
mod error;
mod install;
mod javascript;
mod output;
mod project;
mod python;
mod python_sources;
mod tool;
mod watch;

pub(crate) use component::BuiltComponent;
pub(crate) use error::BuildError;
pub(crate) use install::{Installation, install};
pub(in crate::author) use javascript::{GET_NODE, get_packages, require_node};
pub(crate) use project::{Project, ProjectLanguage};
pub(in crate::author) use python::{GET_PYTHON, get_componentize};
pub(in crate::author) use tool::Tool;
pub(crate) use watch::SourceWatch;

use crate::author::check::{Severity, surface};

/// Builds a connector. `announce` receives each command before it runs.
///
/// # Errors
///
/// [`BuildError`]: a tool is missing, too old or fails, or its output is not a connector.
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
