//! `new`: a folder that builds to a connector, from a template within this program.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::config::ConnectorName;

/// Paths in the new folder, and what stands there.
pub(super) type Files = &'static [(&'static str, &'static [u8])];

const RUST: Files = include!(concat!(env!("OUT_DIR"), "/template_rust.rs"));
const PYTHON: Files = include!(concat!(env!("OUT_DIR"), "/template_python.rs"));
const JAVASCRIPT: Files = include!(concat!(env!("OUT_DIR"), "/template_javascript.rs"));
const TYPESCRIPT: Files = include!(concat!(env!("OUT_DIR"), "/template_typescript.rs"));
const C: Files = include!(concat!(env!("OUT_DIR"), "/template_c.rs"));

/// Where Rust's template names the kit in this repository, and where it lies in the new folder.
const KIT: [&str; 2] = ["../../kit/rust", "weld-connector"];

/// What a connector can be written in. A copy of the language's kit goes into the folder, since none is published.
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

    /// The command that gets the tools with which `weld-host build` builds the folder, once.
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

/// Why there is no new connector.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// Nothing that exists is written to.
    #[error("{} exists already; take another name, or move it away", .0.display())]
    Exists(PathBuf),

    /// The folder or a file in it.
    #[error("{} can't be written", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Makes the folder `NAME` in `parent` with a connector that builds and has a test, and tells its path.
///
/// # Errors
///
/// [`NewError`]; then nothing is left of it.
pub fn create(
    parent: &Path,
    name: &ConnectorName,
    language: Language,
) -> Result<PathBuf, NewError> {
    let folder = parent.join(name.as_str());
    fs::create_dir(&folder).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => NewError::Exists(folder.clone()),
        _ => NewError::Write {
            path: folder.clone(),
            source,
        },
    })?;
    for (path, contents) in language.files() {
        let path = folder.join(named(path, name));
        if let Err(source) = write(&path, &filled(&path, contents, name)) {
            // What can't be written to may not be removable either; the first error is the one to tell.
            let _ = fs::remove_dir_all(&folder);
            return Err(NewError::Write { path, source });
        }
    }
    Ok(folder)
}

/// The path of a template's file in the new folder. A `.gitignore` in the templates would hide files of theirs.
pub(super) fn named(path: &str, name: &ConnectorName) -> String {
    match path {
        "gitignore" => ".gitignore".to_owned(),
        path => path.replace("NAME", name.as_str()),
    }
}

/// What begins with `#!` is a program.
pub(super) fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mode = if contents.starts_with(b"#!") {
        0o777
    } else {
        0o666
    };
    // The user's mask takes from it.
    File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?
        .write_all(contents)
}

/// The file's text with the connector's name, and the kit's place in the new folder. What is no text stays as it is.
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
    fn a_new_folder_has_connector_configuration_kit_and_contract_and_names_no_other_place() {
        for (language, files) in [
            (
                Language::Rust,
                &[
                    "Cargo.lock",
                    "Cargo.toml",
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
    fn programs_can_be_started() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let folder = create(parent.path(), &name(), Language::JavaScript).unwrap();
        let can_be_started = |file: &str| {
            let mode = fs::metadata(folder.join(file)).expect(file).permissions();
            mode.mode() & 0o100 != 0
        };
        assert!(can_be_started("weld-connector/bin/weld-connector-build.js"));
        assert!(!can_be_started("package.json"));
    }

    #[test]
    fn what_is_no_text_is_written_as_it_is() {
        let object = [0, b'a', 0xff];
        assert_eq!(filled(Path::new("a.o"), &object, &name()), object);
        let text = filled(Path::new("a.c"), b"// {{name}}", &name());
        assert_eq!(text, b"// shop.eu");
    }

    #[test]
    fn what_exists_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("shop.eu");
        fs::create_dir(&folder).unwrap();
        let again = create(parent.path(), &name(), Language::Rust);
        assert!(matches!(again, Err(NewError::Exists(path)) if path == folder));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_lacks_its_parent_is_named() {
        let parent = tempfile::tempdir().unwrap().path().join("gone");
        let error = create(&parent, &name(), Language::Rust).unwrap_err();
        assert!(error.to_string().contains("gone/shop.eu"), "{error}");
    }
}
