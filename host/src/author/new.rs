//! `new`: a folder that builds to a connector, from a template within this program.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::ConnectorName;

/// The files of a Rust connector and of the kit beside them, by their paths in the new folder.
const RUST: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/template_rust.rs"));
/// Where the template names the kit in this repository, and where it lies in the new folder.
const KIT: [&str; 2] = ["../../kit/rust", "weld-connector"];

/// What a connector can be written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Language {
    /// With the crate `weld-connector`, a copy of which goes into the folder, since it isn't published.
    Rust,
}

impl Language {
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Rust => RUST,
        }
    }

    /// The command that builds the folder's component.
    #[must_use]
    pub fn build_command(self, name: &ConnectorName) -> String {
        match self {
            Self::Rust => format!(
                "cargo build --release --locked --target wasm32-wasip2 --manifest-path {name}/Cargo.toml"
            ),
        }
    }

    /// The component that the command makes.
    #[must_use]
    pub fn component(self, name: &ConnectorName) -> String {
        match self {
            Self::Rust => format!("{name}/target/wasm32-wasip2/release/connector.wasm"),
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
        let path = folder.join(path.replace("NAME", name.as_str()));
        if let Err(source) = write(&path, &filled(&path, contents, name)) {
            // What can't be written to may not be removable either; the first error is the one to tell.
            let _ = fs::remove_dir_all(&folder);
            return Err(NewError::Write { path, source });
        }
    }
    Ok(folder)
}

fn write(path: &Path, contents: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, contents)
}

/// The file's text with the connector's name, and the kit's place in the new folder.
fn filled(path: &Path, contents: &str, name: &ConnectorName) -> String {
    let contents = contents.replace("{{name}}", name.as_str());
    if path.ends_with("Cargo.toml") {
        contents.replace(KIT[0], KIT[1])
    } else {
        contents
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
        let parent = tempfile::tempdir().unwrap();
        let folder = create(parent.path(), &name(), Language::Rust).unwrap();
        for file in [
            ".gitignore",
            "Cargo.lock",
            "Cargo.toml",
            "README.md",
            "shop.eu.toml",
            "src/lib.rs",
            "weld-connector/Cargo.toml",
            "weld-connector/src/lib.rs",
            "weld-connector/wit/connector.wit",
        ] {
            let text = fs::read_to_string(folder.join(file)).expect(file);
            assert!(
                !text.contains("{{name}}") && !text.contains("../.."),
                "{file}: {text}"
            );
        }
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
