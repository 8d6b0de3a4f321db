//! Functions of Node.

use super::error::AdaptError;
use super::findings::FunctionFindings;
use super::folder::AdaptedFolder;
use super::request::AdaptRequest;
use super::source::FunctionSource;

/// Makes the folder one that `build` takes, and tells what the source says.
///
/// # Errors
///
/// [`AdaptError::NotYet`].
#[expect(
    clippy::unused_async,
    reason = "it calls tools, to read the source and to get packages"
)]
pub(super) async fn prepare(
    request: &AdaptRequest,
    _source: &FunctionSource,
    _folder: &AdaptedFolder,
    _announce: &mut dyn FnMut(&str),
) -> Result<FunctionFindings, AdaptError> {
    Err(AdaptError::NotYet(request.path.clone()))
}
