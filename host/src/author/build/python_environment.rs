//! The virtual environment of a connector: the Python packages that build it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::BuildError;
use super::fetching::{Fetcher, PIP};
use super::requirements::{InstalledPackages, normalized, unmet};
use super::tool::Tool;

/// The folder of a project's own Python.
pub(super) const VIRTUAL_ENVIRONMENT: &str = ".venv";

pub(in crate::author) const GET_PYTHON: &str = "https://www.python.org/downloads/";
/// The oldest Python for the kit and the tools.
const NEEDED_PYTHON: &str = "3.10";
/// The file that lists a project's packages.
const REQUIREMENTS: &str = "requirements.txt";
/// A file that exists in an environment while this program creates it. An environment that still has it is incomplete.
const UNFINISHED: &str = "weld-host-unfinished";

/// The tool that builds components from Python, with the oldest version for which the kit is written.
pub(super) const COMPONENTIZE: (&str, &str) = ("componentize-py", ">=0.25");
const NEEDED_COMPONENTIZE: &str = "0.25";

/// The packages to install into the environment of a folder, and why.
#[derive(Debug)]
pub(crate) struct PythonPackages {
    folder: PathBuf,
    state: EnvironmentState,
    /// The arguments of `pip install`.
    arguments: Vec<String>,
    /// What the packages are, for a message.
    title: String,
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EnvironmentState {
    Missing,
    /// It was created only in part, or its Python is gone.
    Broken,
    WithoutPip,
    Usable,
}

impl PythonPackages {
    /// What the folder lacks for a connector in Python: its `requirements.txt` and componentize-py. A componentize-py
    /// on the path will do for a folder without an environment.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: an environment is needed, and this machine's Python is missing, too old or can't create one.
    pub(super) async fn of_python(folder: &Path) -> Result<Option<Self>, BuildError> {
        let (name, condition) = COMPONENTIZE;
        let environment = folder.join(VIRTUAL_ENVIRONMENT);
        let state = state(&environment);
        let mut outdated = None;
        if state == EnvironmentState::Missing {
            match of_machine(folder).await? {
                Some(version) if is_recent(&version) => return Ok(None),
                version => outdated = version,
            }
        }
        let listed = match fs::read_to_string(folder.join(REQUIREMENTS)) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => {
                return Err(BuildError::File {
                    path: folder.join(REQUIREMENTS),
                    source,
                });
            }
        };
        let mut arguments: Vec<String> = Vec::new();
        if listed.is_some() {
            arguments.extend(["-r".to_owned(), REQUIREMENTS.to_owned()]);
        }
        let tool = format!("{name}{condition}");
        let lists_tool = listed.as_ref().is_some_and(|text| {
            let none = InstalledPackages::new();
            unmet(text, &none).iter().any(|line| line.starts_with(name))
        });
        if !lists_tool {
            arguments.push(tool.clone());
        }
        let installed = installed(&environment);
        let mut lacking = unmet(listed.as_deref().unwrap_or_default(), &installed);
        if !lacking.iter().any(|line| line.starts_with(name)) {
            let found = installed.get(name);
            match found.filter(|version| !is_recent(version)) {
                // The author's file asks for it, so installing the file's packages again would not help.
                Some(found) if lists_tool => {
                    return Err(BuildError::Version {
                        tool: name,
                        found: found.clone(),
                        needed: NEEDED_COMPONENTIZE,
                        get: "write componentize-py>=0.25 in requirements.txt",
                    });
                }
                Some(found) => lacking.push(format!("{tool} (installed: {found})")),
                None if !environment.join("bin").join(name).is_file() => lacking.push(tool),
                None => {}
            }
        }
        let mut packages = Self::lacking(folder, state, arguments, &lacking).await?;
        if let (Some(packages), Some(version)) = (&mut packages, outdated) {
            let more = format!(", and {name} on the path has version {version}, not {condition}");
            packages.reason.push_str(&more);
        }
        Ok(packages)
    }

    /// Packages without a `requirements.txt`, such as a compiler.
    pub(super) async fn named(folder: &Path, package: &str) -> Result<Option<Self>, BuildError> {
        let state = state(&folder.join(VIRTUAL_ENVIRONMENT));
        let packages = [package.to_owned()];
        let mut lacking = Self::lacking(folder, state, packages.to_vec(), &packages).await?;
        if let Some(lacking) = &mut lacking {
            lacking.title = format!("the Python package {package}");
        }
        Ok(lacking)
    }

    async fn lacking(
        folder: &Path,
        state: EnvironmentState,
        arguments: Vec<String>,
        lacking: &[String],
    ) -> Result<Option<Self>, BuildError> {
        let reason = match state {
            EnvironmentState::Missing => format!("{VIRTUAL_ENVIRONMENT} does not exist"),
            EnvironmentState::Broken => format!("{VIRTUAL_ENVIRONMENT} is incomplete"),
            EnvironmentState::WithoutPip | EnvironmentState::Usable if lacking.is_empty() => {
                return Ok(None);
            }
            EnvironmentState::WithoutPip | EnvironmentState::Usable => {
                format!("{VIRTUAL_ENVIRONMENT} lacks {}", lacking.join(", "))
            }
        };
        if matches!(state, EnvironmentState::Missing | EnvironmentState::Broken) {
            require_python(folder).await?;
        }
        Ok(Some(Self {
            folder: folder.to_owned(),
            state,
            arguments,
            title: "its Python packages".to_owned(),
            reason,
        }))
    }

    /// What is missing, for a message.
    pub(super) fn description(&self) -> String {
        format!("{} ({})", self.title, self.reason)
    }

    /// Creates the environment if necessary, and installs the packages.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: a step failed. An incomplete environment is recognized the next time.
    pub(super) async fn fetch(&self, announce: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
        let environment = self.folder.join(VIRTUAL_ENVIRONMENT);
        let mark = environment.join(UNFINISHED);
        let unwritable = |source| BuildError::File {
            path: mark.clone(),
            source,
        };
        if matches!(
            self.state,
            EnvironmentState::Missing | EnvironmentState::Broken
        ) {
            if self.state == EnvironmentState::Broken {
                announce(&format!("rm -r {VIRTUAL_ENVIRONMENT}"));
                fs::remove_dir_all(&environment).map_err(unwritable)?;
            }
            fs::create_dir_all(&environment)
                .and_then(|()| fs::write(&mark, ""))
                .map_err(unwritable)?;
            // Without `--clear`, which would remove the mark.
            let create = Tool::new("python3", &self.folder, GET_PYTHON).with([
                "-m",
                "venv",
                VIRTUAL_ENVIRONMENT,
            ]);
            Fetcher::new(create, PIP).run(announce).await?;
        }
        let python = || Tool::new(environment.join("bin/python"), &self.folder, GET_PYTHON);
        if self.state == EnvironmentState::WithoutPip {
            let get_pip = python().with(["-m", "ensurepip", "--default-pip"]);
            Fetcher::new(get_pip, PIP).run(announce).await?;
        }
        let install = python()
            .with([
                "-m",
                "pip",
                "--disable-pip-version-check",
                "install",
                "--quiet",
            ])
            .with(&self.arguments);
        Fetcher::new(install, PIP).run(announce).await?;
        match fs::remove_file(&mark) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(error)),
            _ => Ok(()),
        }
    }
}

/// Installs componentize-py and the packages of `requirements.txt` into the folder's own environment, unless they are
/// there or componentize-py is on the path. Returns the Python that installs packages.
pub(in crate::author) async fn get_componentize(
    folder: &Path,
    announce: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    if let Some(packages) = PythonPackages::of_python(folder).await? {
        packages.fetch(announce).await?;
    }
    let own = folder.join(VIRTUAL_ENVIRONMENT).join("bin/python");
    Ok(if own.is_file() {
        own
    } else {
        PathBuf::from("python3")
    })
}

/// The names and versions of the packages in a folder's environment, for a digest.
pub(super) fn packages_of(folder: &Path) -> Vec<String> {
    installed(&folder.join(VIRTUAL_ENVIRONMENT))
        .into_iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect()
}

fn state(environment: &Path) -> EnvironmentState {
    if environment.symlink_metadata().is_err() {
        return EnvironmentState::Missing;
    }
    let has = |path: &str| environment.join(path).exists();
    // The program alone is enough for a build.
    let is_usable = has("bin/python") || has("bin/componentize-py");
    if has(UNFINISHED) || !is_usable {
        EnvironmentState::Broken
    } else if installed(environment).contains_key("pip") {
        EnvironmentState::Usable
    } else {
        EnvironmentState::WithoutPip
    }
}

/// The packages of an environment, by the folders that describe them, such as `tzdata-2025.2.dist-info`.
fn installed(environment: &Path) -> InstalledPackages {
    let folders = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten();
    let mut found = InstalledPackages::new();
    for version in folders(&environment.join("lib")) {
        for entry in folders(&version.path().join("site-packages")) {
            let name = entry.file_name();
            let described = name.to_str().and_then(|name| {
                let described = name.strip_suffix(".dist-info")?;
                described.rsplit_once('-')
            });
            if let Some((name, version)) = described {
                found.insert(normalized(name), version.to_owned());
            }
        }
    }
    found
}

/// The version of the componentize-py on the path; `None` if there is none.
async fn of_machine(folder: &Path) -> Result<Option<String>, BuildError> {
    let tool = Tool::new(COMPONENTIZE.0, folder, GET_PYTHON).with(["--version"]);
    let answer = match tool.ask().await {
        Ok(answer) => answer,
        Err(BuildError::Missing { .. }) => None,
        Err(error) => return Err(error),
    };
    let version = answer
        .as_deref()
        .and_then(|answer| answer.split_whitespace().next_back());
    Ok(version.map(str::to_owned))
}

/// Whether this version of componentize-py will do. A version that can't be parsed will.
fn is_recent(version: &str) -> bool {
    let (name, condition) = COMPONENTIZE;
    let installed = InstalledPackages::from([(name.to_owned(), version.to_owned())]);
    unmet(&format!("{name}{condition}"), &installed).is_empty()
}

/// Fails if this machine's Python is missing, too old, or can't create virtual environments.
async fn require_python(folder: &Path) -> Result<(), BuildError> {
    let python = || Tool::new("python3", folder, GET_PYTHON);
    python()
        .with(["--version"])
        .require("python3", NEEDED_PYTHON)
        .await?;
    // Debian leaves parts of these out of its package `python3`.
    for module in ["venv", "ensurepip"] {
        let import = format!("import {module}");
        if python().with(["-c", &import]).ask().await?.is_none() {
            return Err(BuildError::NoVirtualEnvironments(module));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_is_missing_incomplete_or_usable() {
        let folder = tempfile::TempDir::new().unwrap();
        let environment = folder.path().join(".venv");
        let make = |path: &str| {
            let path = environment.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        assert_eq!(state(&environment), EnvironmentState::Missing);
        make("pyvenv.cfg");
        assert_eq!(state(&environment), EnvironmentState::Broken);
        std::os::unix::fs::symlink("/no/python", environment.join("gone")).unwrap();
        fs::create_dir(environment.join("bin")).unwrap();
        fs::rename(environment.join("gone"), environment.join("bin/python")).unwrap();
        assert_eq!(
            state(&environment),
            EnvironmentState::Broken,
            "its Python is gone"
        );
        fs::remove_file(environment.join("bin/python")).unwrap();
        make("bin/python");
        assert_eq!(state(&environment), EnvironmentState::WithoutPip);
        make("lib/python3.11/site-packages/pip-23.2.dist-info/METADATA");
        make("lib/python3.11/site-packages/Typing_Extensions-4.1.dist-info/METADATA");
        make("lib/python3.11/site-packages/typing_extensions.py");
        assert_eq!(state(&environment), EnvironmentState::Usable);
        assert_eq!(
            packages_of(folder.path()),
            ["pip 23.2", "typing-extensions 4.1"]
        );
        make(UNFINISHED);
        assert_eq!(state(&environment), EnvironmentState::Broken);
    }
}
