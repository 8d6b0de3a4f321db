//! Copies a component into the plugins folder.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::component::BuiltComponent;
use super::error::BuildError;
use super::project::Project;

/// The files that were put into the plugins folder.
#[derive(Debug)]
pub(crate) struct Installation {
    pub(crate) component: PathBuf,
    /// The `NAME.toml`, if the folder had none and the project has one.
    pub(crate) config: Option<PathBuf>,
}

/// Copies a component into a folder, which is created if it doesn't exist. `NAME.toml` is copied only if the folder has
/// none: afterwards it belongs to the operator.
///
/// # Errors
///
/// [`BuildError::File`].
pub(crate) fn install(
    project: &Project,
    built: &BuiltComponent,
    plugins: &Path,
) -> Result<Installation, BuildError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| BuildError::File { path, source }
    };
    fs::create_dir_all(plugins).map_err(failed(plugins))?;
    let file = format!("{}.toml", project.name);
    let (own, target) = (project.folder.join(&file), plugins.join(&file));
    // Before the component, so that a host never loads the component without it.
    let config = if own.is_file() && !target.exists() {
        let text = fs::read(&own).map_err(failed(&own))?;
        put(&target, &text).map_err(failed(&target))?;
        Some(target)
    } else {
        None
    };
    let component = plugins.join(format!("{}.wasm", project.name));
    put(&component, &built.bytes).map_err(failed(&component))?;
    Ok(Installation { component, config })
}

/// Writes a file atomically: a host that reads it meanwhile sees the old or the new one.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        // Like any new file, reduced by the user's umask: the host may run as another user.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
