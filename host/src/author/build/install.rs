//! A component into the plugins folder.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::component::BuiltComponent;
use super::error::BuildError;
use super::project::Project;

/// What is in the plugins folder now.
#[derive(Debug)]
pub(crate) struct Installation {
    pub(crate) component: PathBuf,
    /// The `NAME.toml`, if the folder had none and the project has one.
    pub(crate) config: Option<PathBuf>,
}

/// Copies a component into a folder, which is made where it isn't there. Its `NAME.toml` goes along only where the
/// folder has none: from then on it is the operator's.
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
    // First, so that a host never loads the component without it.
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

/// Writes a file in one step: a host that looks at it meanwhile sees the old one or the new one.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        // The user's mask takes from it, as from any new file; the host may run as another user.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
