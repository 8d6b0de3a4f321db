//! From a connector's sources to its component in the plugins folder.
//!
//! Here belong recognising the language, the calls of its tools, and what is said where one is missing. The tools stay
//! the author's own: they are called as a person would, and their words are passed through. Their versions are asked for
//! only where another one fails without a word that helps.
//!
//! Uses `check`, which reads what a component exports.

mod c;
mod cargo;
mod error;
mod install;
mod javascript;
mod project;
mod python;
mod tool;
mod watch;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

pub(crate) use error::BuildError;
pub(crate) use install::install;
pub(crate) use project::{Language, Project};
pub(crate) use watch::SourceWatch;

use crate::author::check::{Severity, surface};
use crate::config::Ceilings;

/// Where a folder's own Python is.
const VIRTUAL_ENVIRONMENT: &str = ".venv";

/// A component that can be installed.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// Builds a connector. `told` hears each command before it is run.
///
/// # Errors
///
/// [`BuildError`]: a tool is missing, too old or fails, or what it makes is no connector.
pub(crate) async fn build(
    project: &Project,
    told: &mut dyn FnMut(&str),
) -> Result<Built, BuildError> {
    let path = match project.language {
        Language::Rust => cargo::build(project, told).await?,
        Language::Python => python::build(project, told).await?,
        Language::JavaScript => javascript::build(project, told).await?,
        Language::C => c::build(project, told).await?,
    };
    let bytes = read(&path)?;
    let (_, findings) = surface(&bytes);
    let wrong = |code: crate::author::check::Code| code.severity() == Severity::Error;
    if let Some(finding) = findings.into_iter().find(|finding| wrong(finding.code)) {
        return Err(BuildError::NoConnector {
            path,
            reason: finding.message,
        });
    }
    Ok(Built { path, bytes })
}

/// A file of the size that a host would load.
fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|opened| {
            let limit_bytes = Ceilings::default().component_bytes;
            opened.take(limit_bytes).read_to_end(&mut bytes)
        })
        .map_err(|source| BuildError::File {
            path: path.to_owned(),
            source,
        })?;
    Ok(bytes)
}

/// Where a component goes whose tool is told by us: `dist/NAME.wasm`.
fn output(project: &Project) -> Result<PathBuf, BuildError> {
    let folder = project.folder.join("dist");
    std::fs::create_dir_all(&folder).map_err(|source| BuildError::File {
        path: folder.clone(),
        source,
    })?;
    Ok(folder.join(format!("{}.wasm", project.name)))
}
