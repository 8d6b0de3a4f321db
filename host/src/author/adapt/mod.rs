//! `adapt`: makes a connector's folder from a cloud function or a Lambda, whose files stay unchanged.
//!
//! This module contains what both languages share: finding the function's files, creating the folder, writing
//! `NAME.toml` from the findings, and the summary. Each language has a module that reads the source and installs the
//! packages that it imports. Shims next to the kits turn Weld's requests into those of the function's platform.
//!
//! `build` then builds the folder.

mod error;
mod files;
mod findings;
mod folder;
mod node;
mod python;
mod request;
mod scan;
mod settings;
mod source;
mod summary;

pub use error::AdaptError;
pub(crate) use request::AdaptRequest;
pub(crate) use summary::AdaptedFunction;

use folder::AdaptedFolder;
use source::{FunctionLanguage, FunctionSource};

/// Creates the folder. `announce` receives each command before it runs.
///
/// # Errors
///
/// [`AdaptError`]. A folder that this run created is removed again.
pub(crate) async fn adapt(
    request: &AdaptRequest,
    announce: &mut dyn FnMut(&str),
) -> Result<AdaptedFunction, AdaptError> {
    request.check()?;
    let source = FunctionSource::find(&request.path)?;
    if let (FunctionLanguage::Node, Some(package)) = (source.language, request.stand_ins.first()) {
        return Err(AdaptError::StandIn {
            package: package.clone(),
            file: source.file,
        });
    }
    let folder = AdaptedFolder::make(request, &source)?;
    let prepared = match source.language {
        FunctionLanguage::Python => python::prepare(request, &source, &folder, announce).await,
        FunctionLanguage::Node => node::prepare(request, &source, &folder, announce).await,
    };
    let finished = prepared.and_then(|findings| {
        let kept_settings = folder.write_settings(&findings)?;
        Ok((findings, kept_settings))
    });
    match finished {
        Ok((findings, kept_settings)) => {
            let (folder, name) = folder.keep();
            Ok(AdaptedFunction {
                folder,
                name,
                findings,
                kept_settings,
            })
        }
        Err(error) => {
            folder.discard();
            Err(error)
        }
    }
}
