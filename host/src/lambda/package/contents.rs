//! The files of a package.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::PackageSources;
use super::error::PackageError;

/// The name under which Lambda starts the program.
const PROGRAM: &str = "bootstrap";

/// The folder of connectors in the package, which is the program's default.
const PLUGINS: &str = "plugins";

/// The settings in the package, which the program finds beside itself.
const SETTINGS: &str = "weld-host.toml";

/// How deep folders may lie within each other.
const MOST_DEPTH: usize = 16;

/// One file of a package.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PackedFile {
    /// Its path in the package, with slashes.
    pub(super) name: String,
    /// Where its content comes from.
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) permissions: u32,
}

impl PackedFile {
    fn new(name: String, path: &Path, permissions: u32) -> Result<Self, PackageError> {
        let unreadable = |source| PackageError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(unreadable(io::Error::other("it is not a regular file")));
        }
        Ok(Self {
            name,
            path: path.to_owned(),
            bytes: metadata.len(),
            permissions,
        })
    }

    /// Whether it is the program itself.
    pub(super) fn is_program(&self) -> bool {
        self.name == PROGRAM
    }

    /// The name of the connector, if it is a component in the plugins folder itself.
    pub(super) fn connector(&self) -> Option<String> {
        let name = self.name.strip_prefix("plugins/")?.strip_suffix(".wasm")?;
        (!name.contains('/')).then(|| name.to_owned())
    }

    /// Whether it is in the plugins folder.
    pub(super) fn is_plugin(&self) -> bool {
        self.name.starts_with("plugins/")
    }

    /// Whether it is one of the files of this connector: the component, its settings, or its compiled code.
    pub(super) fn belongs_to(&self, connector: &str) -> bool {
        let file = self.name.strip_prefix("plugins/");
        let rest = file.and_then(|file| file.strip_prefix(connector));
        matches!(rest, Some(".wasm" | ".toml" | ".cwasm"))
    }
}

/// All files, in the order of their names. Hidden files, the backups of editors (`NAME~`), and the package itself are left
/// out.
///
/// # Errors
///
/// [`PackageError`].
pub(super) fn contents(
    sources: &PackageSources,
    output: &Path,
) -> Result<Vec<PackedFile>, PackageError> {
    let mut files = vec![PackedFile::new(PROGRAM.to_owned(), &sources.binary, 0o755)?];
    if let Some(settings) = &sources.settings {
        files.push(PackedFile::new(SETTINGS.to_owned(), settings, 0o644)?);
    }
    let output = fs::canonicalize(output).ok();
    let is_output = |path: &Path| output.is_some() && fs::canonicalize(path).ok() == output;
    let root = fs::canonicalize(&sources.plugins).map_err(|source| PackageError::Unreadable {
        path: sources.plugins.clone(),
        source,
    })?;
    let mut found = |name, path: &Path| {
        if !is_output(path) {
            files.push(PackedFile::new(name, path, 0o644)?);
        }
        Ok(())
    };
    collect(&root, (&sources.plugins, PLUGINS), MOST_DEPTH, &mut found)?;
    files.sort();
    if files.iter().all(|file| file.connector().is_none()) {
        return Err(PackageError::NoConnectors(sources.plugins.clone()));
    }
    Ok(files)
}

/// Passes on the files of a folder, which is `prefix` in the package. `root` is the plugins folder, whatever leads to it.
fn collect(
    root: &Path,
    (folder, prefix): (&Path, &str),
    depth: usize,
    found: &mut impl FnMut(String, &Path) -> Result<(), PackageError>,
) -> Result<(), PackageError> {
    let unreadable = |source| PackageError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    if depth == 0 {
        let cause = io::Error::other(format!("it is deeper than {MOST_DEPTH} folders"));
        return Err(unreadable(cause));
    }
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name else {
            return Err(PackageError::NameNotText(path));
        };
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let packed = format!("{prefix}/{name}");
        // Links to files are followed, as the host does. One to a folder elsewhere may have anything below it.
        if path.is_dir() {
            if !fs::canonicalize(&path).is_ok_and(|path| path.starts_with(root)) {
                let cause =
                    io::Error::other("it is a link to a folder outside of the plugins folder");
                return Err(PackageError::Unreadable {
                    path,
                    source: cause,
                });
            }
            collect(root, (&path, &packed), depth - 1, found)?;
        } else {
            found(packed, &path)?;
        }
    }
    Ok(())
}
