//! The command that runs a connector's worker.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::error::NativeError;
use super::fault::WorkerFault;
use crate::author::build::{GET_NODE, GET_PYTHON, Project, ProjectLanguage};

const GET_CARGO: &str = "https://rustup.rs";

/// A program that runs a connector's worker, and how to get it if it is missing.
#[derive(Debug, Clone)]
pub(crate) struct WorkerCommand {
    program: OsString,
    arguments: Vec<OsString>,
    folder: PathBuf,
    get: &'static str,
}

impl WorkerCommand {
    /// The command for a connector's folder, by its language.
    ///
    /// # Errors
    ///
    /// [`NativeError`]: the language has no worker, or the folder has no kit, or an old one.
    pub(crate) fn of_project(project: &Project) -> Result<Self, NativeError> {
        let folder = &project.folder;
        let (program, arguments, get) = match project.language {
            ProjectLanguage::Python => {
                require(&folder.join("weld_connector"), "_native.py")?;
                let own = folder.join(".venv/bin/python");
                let program = if own.is_file() {
                    own.into_os_string()
                } else {
                    "python3".into()
                };
                let arguments = ["-m", "weld_connector", "--worker", "app"];
                (program, arguments.map(OsString::from).to_vec(), GET_PYTHON)
            }
            ProjectLanguage::JavaScript => {
                let kit = folder.join("node_modules/weld-connector");
                if !kit.is_dir() {
                    return Err(NativeError::NoPackages(folder.clone()));
                }
                require(&kit, "bin/weld-connector.js")?;
                let script = kit.join("bin/weld-connector.js").into_os_string();
                let arguments = vec![script, "run".into(), "--worker".into()];
                ("node".into(), arguments, GET_NODE)
            }
            ProjectLanguage::Rust => {
                if !folder.join("examples/live.rs").is_file() {
                    return Err(NativeError::NoExample(folder.clone()));
                }
                let arguments = ["run", "--quiet", "--example", "live"];
                (
                    "cargo".into(),
                    arguments.map(OsString::from).to_vec(),
                    GET_CARGO,
                )
            }
            ProjectLanguage::C => return Err(NativeError::NoWorker(folder.clone())),
        };
        Ok(Self {
            program,
            arguments,
            folder: folder.clone(),
            get,
        })
    }

    /// A given command, run in `folder`; `None` if there are no words.
    pub(crate) fn given(words: Vec<OsString>, folder: &Path) -> Option<Self> {
        let mut words = words.into_iter();
        Some(Self {
            program: words.next()?,
            arguments: words.collect(),
            folder: folder.to_owned(),
            get: "it was given after `--`; give a program that is installed",
        })
    }

    pub(super) fn program(&self) -> &OsStr {
        &self.program
    }

    pub(super) fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The command as a person would type it, without quotes.
    pub(crate) fn line(&self) -> String {
        let shown = |word: &OsString| {
            let path = Path::new(word);
            let path = path.strip_prefix(&self.folder).unwrap_or(path);
            path.display().to_string()
        };
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words.map(shown).collect::<Vec<_>>().join(" ")
    }

    /// Why it can't be run.
    pub(super) fn not_run(&self, source: io::Error) -> WorkerFault {
        if source.kind() == io::ErrorKind::NotFound && self.folder.is_dir() {
            let name = Path::new(&self.program).file_name();
            return WorkerFault::Missing {
                program: name.unwrap_or(&self.program).to_string_lossy().into_owned(),
                get: self.get,
            };
        }
        WorkerFault::NotRun {
            command: self.line(),
            source,
        }
    }
}

/// Fails if there is a copy of the kit without this file.
fn require(kit: &Path, file: &str) -> Result<(), NativeError> {
    if kit.is_dir() && !kit.join(file).is_file() {
        return Err(NativeError::OldKit(kit.to_owned()));
    }
    Ok(())
}
