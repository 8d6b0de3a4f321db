//! `adapt`: from a cloud function or a Lambda, whose files stay as they are, to a connector's folder.
//!
//! Here belongs what both languages share: which files are the function, the folder that is made, `NAME.toml` from what the
//! source names, and the closing words. Each language has a module that reads the source, and gets the packages that it
//! imports. How a request of Weld becomes one of the function's platform is the work of the shims, beside the kits.
//!
//! The folder is one that `build` takes; it is built by that.

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

/// Makes the folder. `announce` gets each command before it is run.
///
/// # Errors
///
/// [`AdaptError`]. A folder that was not there before is removed again.
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
