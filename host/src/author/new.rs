//! `new`: creates a folder with a connector from a template that is embedded in this program.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::config::ConnectorName;

/// Paths in the new folder, and the files' contents.
pub(super) type Files = &'static [(&'static str, &'static [u8])];

const RUST: Files = include!(concat!(env!("OUT_DIR"), "/template_rust.rs"));
const PYTHON: Files = include!(concat!(env!("OUT_DIR"), "/template_python.rs"));
const JAVASCRIPT: Files = include!(concat!(env!("OUT_DIR"), "/template_javascript.rs"));
const TYPESCRIPT: Files = include!(concat!(env!("OUT_DIR"), "/template_typescript.rs"));
const C: Files = include!(concat!(env!("OUT_DIR"), "/template_c.rs"));

/// The kit's path in Rust's template, and its path in the new folder.
const KIT: [&str; 2] = ["../../kit/rust", "weld-connector"];

/// A language for connectors. The new folder gets a copy of the language's kit, since no kit is published.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Language {
    /// With the crate `weld-connector`.
    Rust,
    /// With the package `weld_connector`.
    Python,
    /// With the npm package `weld-connector`.
    TypeScript,
    /// With the npm package `weld-connector`.
    JavaScript,
    /// With the sources of `weld/`.
    C,
}

impl Language {
    fn files(self) -> Files {
        match self {
            Self::Rust => RUST,
            Self::Python => PYTHON,
            Self::TypeScript => TYPESCRIPT,
            Self::JavaScript => JAVASCRIPT,
            Self::C => C,
        }
    }

    /// The command that installs the tools that `weld-host build` needs, as `weld-host build NAME --install` does.
    #[must_use]
    pub fn set_up_command(self, name: &ConnectorName) -> String {
        match self {
            Self::Rust => "rustup target add wasm32-wasip2".to_owned(),
            Self::Python => format!(
                "python3 -m venv {name}/.venv && {name}/.venv/bin/pip install -r {name}/requirements.txt"
            ),
            Self::TypeScript | Self::JavaScript => format!("npm ci --prefix {name}"),
            Self::C => format!(
                "python3 -m venv {name}/.venv && {name}/.venv/bin/pip install ziglang==0.17.1"
            ),
        }
    }
}

/// Why the connector was not created.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The folder already exists; it is left alone.
    #[error("{} already exists; choose another name or move it away", .0.display())]
    Exists(PathBuf),

    /// Nothing can be created in the folder above.
    #[error("the folder {} is not writable", path.display())]
    Parent {
        /// The folder above.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },

    /// The folder or a file in it can't be written.
    #[error("{} can't be written", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
}

/// Creates the folder `NAME` in `parent` with a connector that builds and has a test. Returns its path. The folder
/// appears in one step, with all its files: until then, they are in a hidden folder next to it.
///
/// # Errors
///
/// [`NewError`]; nothing is left behind.
pub fn create(
    parent: &Path,
    name: &ConnectorName,
    language: Language,
) -> Result<PathBuf, NewError> {
    let folder = parent.join(name.as_str());
    if folder.symlink_metadata().is_ok() {
        return Err(NewError::Exists(folder));
    }
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| NewError::Write { path, source }
    };
    let unfinished = tempfile::Builder::new()
        .prefix(&format!(".{name}-"))
        // The user's umask reduces it.
        .permissions(Permissions::from_mode(0o777))
        .tempdir_in(Path::new(".").join(parent))
        // The error itself names a folder that nobody knows.
        .map_err(|error| match error.kind() {
            kind @ (io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
                NewError::Parent {
                    path: std::path::absolute(parent)
                        .or_else(|_| std::env::current_dir())
                        .unwrap_or_else(|_| parent.to_owned()),
                    source: kind.into(),
                }
            }
            kind => failed(&folder)(kind.into()),
        })?;
    for (path, contents) in language.files() {
        let path = PathBuf::from(named(path, name));
        let contents = filled(&path, contents, name);
        write(&unfinished.path().join(&path), &contents).map_err(failed(&folder.join(path)))?;
    }
    match rename_new(unfinished.path(), &folder) {
        Ok(()) => {
            // There is nothing left to remove.
            let _ = unfinished.keep();
            Ok(folder)
        }
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
            Err(NewError::Exists(folder))
        }
        Err(source) => Err(failed(&folder)(source)),
    }
}

/// Renames a folder unless the new name is taken, even by an empty folder.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems have only the ordinary call. `create` has looked whether the name is taken.
        Err(Errno::INVAL | Errno::NOSYS) => fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

/// The path of a template's file in the new folder. `.gitignore` is renamed, since in the templates it would hide
/// files.
pub(super) fn named(path: &str, name: &ConnectorName) -> String {
    match path {
        "gitignore" => ".gitignore".to_owned(),
        path => path.replace("NAME", name.as_str()),
    }
}

/// Writes a new file. If it begins with `#!`, it is made executable.
pub(super) fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mode = if contents.starts_with(b"#!") {
        0o777
    } else {
        0o666
    };
    // The user's umask reduces it.
    File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?
        .write_all(contents)
}

/// Fills in the connector's name and the kit's path in the new folder. A file that is not UTF-8 stays unchanged.
pub(super) fn filled(path: &Path, contents: &[u8], name: &ConnectorName) -> Vec<u8> {
    let Ok(text) = str::from_utf8(contents) else {
        return contents.to_vec();
    };
    let text = text.replace("{{name}}", name.as_str());
    if path.ends_with("Cargo.toml") {
        text.replace(KIT[0], KIT[1]).into_bytes()
    } else {
        text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> ConnectorName {
        "shop.eu".parse().unwrap()
    }

    #[test]
    fn a_new_folder_has_connector_configuration_kit_and_contract_and_refers_to_no_other_folder() {
        for (language, files) in [
            (
                Language::Rust,
                &[
                    "Cargo.lock",
                    "Cargo.toml",
                    "examples/live.rs",
                    "src/lib.rs",
                    "weld-connector/Cargo.toml",
                    "weld-connector/src/lib.rs",
                    "weld-connector/wit/connector.wit",
                ][..],
            ),
            (
                Language::Python,
                &[
                    "app.py",
                    "requirements.txt",
                    "test_app.py",
                    "weld_connector/README.md",
                    "weld_connector/__init__.py",
                    "weld_connector/wit/connector.wit",
                ],
            ),
            (
                Language::JavaScript,
                &[
                    "connector.js",
                    "connector.test.js",
                    "package-lock.json",
                    "package.json",
                    "weld-connector/package.json",
                    "weld-connector/src/index.js",
                    "weld-connector/wit/connector.wit",
                ],
            ),
            (
                Language::TypeScript,
                &[
                    "connector.ts",
                    "connector.test.ts",
                    "package-lock.json",
                    "tsconfig.json",
                    "weld-connector/index.d.ts",
                    "weld-connector/wit/connector.wit",
                ],
            ),
            (
                Language::C,
                &[
                    "shop.eu.c",
                    "tests/test.c",
                    "weld/README.md",
                    "weld/connector.wit",
                    "weld/weld.h",
                    "weld/connector.h",
                ],
            ),
        ] {
            let parent = tempfile::tempdir().unwrap();
            let folder = create(parent.path(), &name(), language).unwrap();
            for file in [&[".gitignore", "README.md", "shop.eu.toml"], files].concat() {
                let text = fs::read_to_string(folder.join(file)).expect(file);
                assert!(
                    !text.contains("{{name}}") && !text.contains("kit/rust\""),
                    "{file}: {text}"
                );
            }
        }
    }

    #[test]
    fn programs_are_executable() {
        let parent = tempfile::tempdir().unwrap();
        let folder = create(parent.path(), &name(), Language::JavaScript).unwrap();
        let is_executable = |file: &str| {
            let mode = fs::metadata(folder.join(file)).expect(file).permissions();
            mode.mode() & 0o100 != 0
        };
        assert!(is_executable("weld-connector/bin/weld-connector.js"));
        assert!(!is_executable("package.json"));
    }

    #[test]
    fn binary_files_are_written_unchanged() {
        let object = [0, b'a', 0xff];
        assert_eq!(filled(Path::new("a.o"), &object, &name()), object);
        let text = filled(Path::new("a.c"), b"// {{name}}", &name());
        assert_eq!(text, b"// shop.eu");
    }

    #[test]
    fn existing_folders_are_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("shop.eu");
        fs::create_dir(&folder).unwrap();
        let again = create(parent.path(), &name(), Language::Rust);
        assert!(matches!(again, Err(NewError::Exists(path)) if path == folder));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        let unfinished = parent.path().join("unfinished");
        fs::create_dir(&unfinished).unwrap();
        let error = rename_new(&unfinished, &folder).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn nothing_is_left_of_a_folder_that_could_not_be_completed() {
        let parent = tempfile::tempdir().unwrap();
        create(parent.path(), &name(), Language::C).unwrap();
        create(parent.path(), &name(), Language::C).unwrap_err();
        let left: Vec<_> = fs::read_dir(parent.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        let mode = fs::metadata(parent.path().join("shop.eu"))
            .unwrap()
            .permissions()
            .mode();
        let usual = parent.path().join("usual");
        fs::create_dir(&usual).unwrap();
        let usual = fs::metadata(usual).unwrap().permissions().mode();
        assert_eq!(mode, usual, "the folder is like any new one");
    }

    #[test]
    fn a_missing_parent_folder_is_reported_with_the_path() {
        let parent = tempfile::tempdir().unwrap().path().join("gone");
        let error = create(&parent, &name(), Language::Rust).unwrap_err();
        assert!(error.to_string().contains("gone/shop.eu"), "{error}");
    }
}
