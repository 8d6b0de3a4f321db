//! A connector's folder: its language, and the connector's name.

use std::fs;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::error::BuildError;
use crate::config::ConnectorName;

/// The folder of a project's own Python.
pub(super) const VIRTUAL_ENVIRONMENT: &str = ".venv";

/// A language that is recognized by its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProjectLanguage {
    Rust,
    Python,
    /// TypeScript too: `npm run build` handles both.
    JavaScript,
    C,
}

/// The sources of one connector.
#[derive(Debug)]
pub(crate) struct Project {
    /// An absolute path, so that tools that run in the folder can use it.
    pub(crate) folder: PathBuf,
    pub(crate) language: ProjectLanguage,
    pub(crate) name: ConnectorName,
}

impl Project {
    /// Recognizes the project in a folder.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: it is not a folder, the language is not recognized, or the name can't be a connector's.
    pub(crate) fn find(folder: &Path) -> Result<Self, BuildError> {
        if !folder.is_dir() {
            return Err(BuildError::NoFolder(folder.to_owned()));
        }
        let absolute = folder.canonicalize().map_err(|source| BuildError::File {
            path: folder.to_owned(),
            source,
        })?;
        let language = language(&absolute)?;
        let (name, path) = match language {
            ProjectLanguage::Rust => package(&absolute.join("Cargo.toml"), cargo_package)?,
            ProjectLanguage::JavaScript => package(&absolute.join("package.json"), node_package)?,
            ProjectLanguage::Python | ProjectLanguage::C => {
                let name = absolute.file_name().unwrap_or_default();
                (name.to_string_lossy().into_owned(), absolute.clone())
            }
        };
        let parsed = name
            .parse()
            .map_err(|source| BuildError::Name { name, path, source })?;
        Ok(Self {
            folder: absolute,
            language,
            name: parsed,
        })
    }
}

/// Cargo.toml comes first: a Rust connector may contain C, but the others contain no Rust.
fn language(folder: &Path) -> Result<ProjectLanguage, BuildError> {
    for (file, language) in [
        ("Cargo.toml", ProjectLanguage::Rust),
        ("app.py", ProjectLanguage::Python),
        ("package.json", ProjectLanguage::JavaScript),
    ] {
        if folder.join(file).is_file() {
            return Ok(language);
        }
    }
    if files_of(folder, "c")?.is_empty() {
        return Err(BuildError::UnknownLanguage(folder.to_owned()));
    }
    Ok(ProjectLanguage::C)
}

/// The files directly in a folder that have the extension, sorted. Empty if there is no such folder.
pub(super) fn files_of(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, BuildError> {
    let unreadable = |source| BuildError::File {
        path: folder.to_owned(),
        source,
    };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|found| found == extension) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

type NameReader = fn(&str) -> Result<String, String>;

fn package(path: &Path, read_name: NameReader) -> Result<(String, PathBuf), BuildError> {
    let text = fs::read_to_string(path).map_err(|source| BuildError::File {
        path: path.to_owned(),
        source,
    })?;
    let name = read_name(&text).map_err(|reason| BuildError::Manifest {
        path: path.to_owned(),
        reason,
    })?;
    Ok((name, path.to_owned()))
}

/// The name in `[package.metadata.weld]`, which may be one that no package can have, or else the package's.
fn cargo_package(text: &str) -> Result<String, String> {
    let manifest = DeTable::parse(text).map_err(|error| error.message().to_owned())?;
    let package = manifest.get_ref().get("package");
    let name = |keys: &[&str]| {
        let mut value = package?.get_ref();
        for key in keys {
            value = value.get(*key)?.get_ref();
        }
        value.as_str().map(str::to_owned)
    };
    name(&["metadata", "weld", "name"])
        .or_else(|| name(&["name"]))
        .ok_or_else(|| "there is no `name` in `[package]`".to_owned())
}

/// The package's name without its scope: `@acme/beers` is the connector `beers`.
fn node_package(text: &str) -> Result<String, String> {
    let manifest: serde_json::Value =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let name = manifest
        .get("name")
        .and_then(serde_json::Value::as_str)
        .ok_or("there is no `name`")?;
    let unscoped = name
        .strip_prefix('@')
        .and_then(|scoped| Some(scoped.split_once('/')?.1));
    Ok(unscoped.unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_read_from_the_package() {
        for (read_name, text, name) in [
            (
                cargo_package as NameReader,
                "package.name = \"beers\"",
                Ok("beers"),
            ),
            (cargo_package, "[package]\nname = 'a-b'", Ok("a-b")),
            (
                cargo_package,
                "[package]\nname = 'a'\n[package.metadata.weld]\nname = 'shop.eu'",
                Ok("shop.eu"),
            ),
            (cargo_package, "[workspace]", Err("[package]")),
            (cargo_package, "[package", Err("")),
            (node_package, r#"{"name": "beers"}"#, Ok("beers")),
            (node_package, r#"{"name": "@acme/beers"}"#, Ok("beers")),
            (node_package, r#"{"version": "1.0.0"}"#, Err("`name`")),
            (node_package, "{", Err("EOF")),
        ] {
            match (read_name(text), name) {
                (Ok(found), Ok(name)) => assert_eq!(found, name, "{text}"),
                (Err(found), Err(words)) => assert!(found.contains(words), "{text}: {found}"),
                (found, name) => panic!("{text}: {found:?}, not {name:?}"),
            }
        }
    }

    #[test]
    fn language_is_that_of_the_first_known_file() {
        let folder = tempfile::TempDir::new().unwrap();
        let add = |name: &str| fs::write(folder.path().join(name), "").unwrap();
        let found = || language(folder.path());
        add("README.md");
        fs::create_dir(folder.path().join("folder.c")).unwrap();
        assert!(matches!(found(), Err(BuildError::UnknownLanguage(_))));
        for (file, language) in [
            ("beers.c", ProjectLanguage::C),
            ("package.json", ProjectLanguage::JavaScript),
            ("app.py", ProjectLanguage::Python),
            ("Cargo.toml", ProjectLanguage::Rust),
        ] {
            add(file);
            assert_eq!(found().unwrap(), language, "{file}");
        }
    }
}
