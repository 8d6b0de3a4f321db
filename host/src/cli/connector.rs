//! The connector that an argument of a command names.

use std::path::{Path, PathBuf};

use super::error::CliError;
use super::folder_build::{FolderBuild, FolderFlags};
use super::unknown_connector::UnknownConnector;
use crate::author::build::ConfigPolicy;
use crate::config::ConnectorName;

/// What the argument CONNECTOR of `sync` and `check` means.
///
/// A command that takes it has [`FolderFlags`] among its flags, and builds a folder with [`build_folder`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ConnectorArgument {
    /// A connector that another process serves.
    Url(String),
    /// A component's file.
    Component(PathBuf),
    /// The folder of a connector's sources.
    Folder(PathBuf),
}

impl ConnectorArgument {
    /// Reads an argument: a URL; a file or a folder by its path; or else the name of a component in the plugins folder.
    ///
    /// # Errors
    ///
    /// [`CliError::NoConnector`]: it is none of these.
    pub(super) fn read(argument: &str, flags: &FolderFlags) -> Result<Self, CliError> {
        Self::within(argument, &flags.plugins.plugins)
    }

    fn within(argument: &str, plugins: &Path) -> Result<Self, CliError> {
        if argument.contains("://") {
            return Ok(Self::Url(argument.to_owned()));
        }
        let path = PathBuf::from(argument);
        if path.is_file() {
            return Ok(Self::Component(path));
        }
        if path.is_dir() {
            return Ok(Self::Folder(path));
        }
        if argument.parse::<ConnectorName>().is_ok() {
            let installed = plugins.join(format!("{argument}.wasm"));
            if installed.is_file() {
                return Ok(Self::Component(installed));
            }
        }
        Err(CliError::NoConnector(UnknownConnector::new(path, plugins)))
    }
}

/// Builds a folder and installs the component into the plugins folder, as `weld-host build` does, unless its sources are
/// those of the last build. The results are printed on stderr, unless `quiet`. Returns the component's path.
///
/// # Errors
///
/// [`CliError::Build`].
pub(super) async fn build_folder(
    folder: &Path,
    flags: &FolderFlags,
    quiet: bool,
) -> Result<PathBuf, CliError> {
    let build = FolderBuild {
        folder,
        flags,
        policy: ConfigPolicy::Keep,
        always: false,
        // The command compiles it, and says so.
        precompiler: None,
        say: |line| eprintln!("{line}"),
        quiet,
    };
    build.run().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn argument_is_a_url_a_path_or_the_name_of_an_installed_connector() {
        let desk = tempfile::TempDir::new().unwrap();
        let at = |path: &str| desk.path().join(path);
        let plugins = at("plugins");
        fs::create_dir_all(at("folder")).unwrap();
        fs::create_dir_all(&plugins).unwrap();
        for file in ["own.wasm", "plugins/shop.wasm", "plugins/a.b.wasm"] {
            fs::write(at(file), "").unwrap();
        }
        let read = |argument: &str| ConnectorArgument::within(argument, &plugins);
        let own = at("own.wasm");
        for (argument, expected) in [
            (
                "http://127.0.0.1:8080/shop",
                ConnectorArgument::Url("http://127.0.0.1:8080/shop".to_owned()),
            ),
            (
                own.to_str().unwrap(),
                ConnectorArgument::Component(own.clone()),
            ),
            (
                at("folder").to_str().unwrap(),
                ConnectorArgument::Folder(at("folder")),
            ),
            (
                "shop",
                ConnectorArgument::Component(plugins.join("shop.wasm")),
            ),
            (
                "a.b",
                ConnectorArgument::Component(plugins.join("a.b.wasm")),
            ),
        ] {
            assert_eq!(read(argument).unwrap(), expected, "{argument}");
        }
        for argument in ["nothing", "shop.wasm", "../plugins/shop", "My Shop", ""] {
            assert!(
                matches!(read(argument), Err(CliError::NoConnector(_))),
                "{argument}"
            );
        }
    }
}
