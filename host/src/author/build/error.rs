//! Why a connector was not built.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use super::quoting::quoted;
use crate::config::{ConfigError, FileFault, NameError};
use crate::report;

/// Why a connector was not built. The user can fix all of these.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The folder doesn't exist.
    #[error("there is no folder {}{meant}", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// What its name may have been meant for, as the end of the message. May be empty.
        meant: String,
    },

    /// The path is a file.
    #[error("{} is a file; name the connector's folder{}", .0.display(), folder_of(.0))]
    NotFolder(PathBuf),

    /// The language is not recognized.
    #[error(
        "{} contains no connector: it has no Cargo.toml (Rust), app.py (Python), package.json (JavaScript or TypeScript) or *.c (C)",
        .0.display()
    )]
    UnknownLanguage(PathBuf),

    /// The folder is not a connector, but contains some.
    #[error(
        "{} is not a connector, but contains some; name one of these folders: {}",
        folder.display(), folders(connectors)
    )]
    ParentFolder {
        /// The folder.
        folder: PathBuf,
        /// The folders of connectors in it, as paths from where the user is.
        connectors: Vec<PathBuf>,
    },

    /// The folder has files of several languages.
    #[error(
        "{} has files of several languages: {found}; say which one the connector is written in: --lang {}",
        folder.display(), flags.join(" or --lang ")
    )]
    SeveralLanguages {
        /// The folder.
        folder: PathBuf,
        /// The files with their languages.
        found: String,
        /// The values of `--lang` to choose from.
        flags: Vec<&'static str>,
    },

    /// The folder has no files of the language that the user names.
    #[error("--lang {flag}: {} has no {file}", folder.display())]
    OtherLanguage {
        /// The folder.
        folder: PathBuf,
        /// The value of `--lang`.
        flag: &'static str,
        /// The file that identifies the language.
        file: &'static str,
    },

    /// The folder is empty.
    #[error("{} is empty; `weld-host new NAME` creates the folder of a connector", .0.display())]
    EmptyFolder(PathBuf),

    /// The folder has components, as a plugins folder does, and no sources.
    #[error(
        "{} has components (*.wasm) and no sources; to serve them: weld-host serve --plugins {}",
        .0.display(), quoted(.0)
    )]
    NoSources(PathBuf),

    /// `Cargo.toml` describes a workspace only.
    #[error("{} is a workspace without a package; name the folder of the connector's package{}", folder.join("Cargo.toml").display(), such_as(folder, members))]
    Workspace {
        /// The folder.
        folder: PathBuf,
        /// The workspace's members.
        members: Vec<String>,
    },

    /// The folder has the sources of a cloud function.
    #[error("{} has no connector, but {file}, as a cloud function or a Lambda does; to make a connector from it: weld-host adapt {}", folder.display(), quoted(folder))]
    CloudFunction {
        /// The folder.
        folder: PathBuf,
        /// The function's file.
        file: &'static str,
    },

    /// `package.json` has no script `build`.
    #[error(
        "{} has no script `build`, which `weld-host build` runs; add one that writes NAME.wasm, such as \"scripts\": {{ \"build\": \"weld-connector build\" }}",
        .0.display()
    )]
    NoBuildScript(PathBuf),

    /// A Python project that has no connector.
    #[error(
        "{} has {file}, but no app.py: a connector in Python is the module app.py; `weld-host new NAME --lang python` creates one",
        folder.display()
    )]
    NoApp {
        /// The folder.
        folder: PathBuf,
        /// The file that identifies a Python project.
        file: &'static str,
    },

    /// A project in a language that `build` doesn't know.
    #[error(
        "{} is a project in {language} ({file}), which `weld-host build` can't build; it builds Rust, Python, JavaScript, TypeScript and C. Build the component with the language's own tools, and put NAME.wasm into the plugins folder",
        folder.display()
    )]
    ForeignProject {
        /// The folder.
        folder: PathBuf,
        /// The file that identifies it.
        file: &'static str,
        /// The language.
        language: &'static str,
    },

    /// `Cargo.toml` or `package.json` is not valid, or has no name for the connector.
    #[error("{} has no package name: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The name is not valid for a connector.
    #[error("`{name}`, from {}, can't be a connector's name", path.display())]
    Name {
        /// The name.
        name: String,
        /// The file or folder with the name.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: NameError,
    },

    /// A program could not be found.
    #[error("{tool} is missing; to get it: {get}")]
    Missing {
        /// The tool.
        tool: String,
        /// A command or page to get it.
        get: &'static str,
    },

    /// Tools or packages that `--install` installs are missing. The last line works as printed.
    #[error("{connector} needs {need}; to install and build:\n{command}")]
    NotInstalled {
        /// The connector's name.
        connector: String,
        /// What is missing, and why.
        need: String,
        /// The command that installs and builds.
        command: String,
    },

    /// A tool is too old.
    #[error("{tool} has version {found}, but {needed} or later is needed; to get it: {get}")]
    Version {
        /// The tool.
        tool: &'static str,
        /// The version that it reports.
        found: String,
        /// The oldest version that works.
        needed: &'static str,
        /// A command or page to get it.
        get: &'static str,
    },

    /// This machine's Python can't create virtual environments.
    #[error(
        "python3 can't create a virtual environment: it has no module `{0}`; on Debian and Ubuntu: sudo apt install python3-venv"
    )]
    NoVirtualEnvironments(&'static str),

    /// A tool that installs others failed because it could not reach its server.
    #[error(
        "`{command}` failed: {reason}\nCheck the network; behind a proxy, set HTTPS_PROXY; for a mirror, set {mirror}. Nothing was built, and the same command tries again"
    )]
    Unreachable {
        /// The call.
        command: String,
        /// Which server, and what it did.
        reason: String,
        /// The variable that names another server for this tool.
        mirror: &'static str,
    },

    /// A tool that installs others failed.
    #[error("`{command}` failed ({status})\n{reason}")]
    NotFetched {
        /// The call.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines that it printed.
        reason: String,
    },

    /// A tool failed. Its own output precedes this message.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The call.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },

    /// A tool failed because a disk is full.
    #[error(
        "`{command}` failed: no space is left on {place}; free some, then run the same command again"
    )]
    DiskFull {
        /// The call.
        command: String,
        /// The disk, by a folder on it if that is known.
        place: String,
    },

    /// The sources can't become a component. The text has the file and line, the cause, and what to do.
    #[error("{0}")]
    Source(String),

    /// A tool could not be started, or its output could not be read.
    #[error("`{command}` can't be run")]
    NotRun {
        /// The call.
        command: String,
        /// The error of the system.
        #[source]
        source: io::Error,
    },

    /// The tools succeeded, but there is no component.
    #[error("`{command}` produced no component: {expected}")]
    NoOutput {
        /// The call.
        command: String,
        /// Why there is no component.
        expected: String,
    },

    /// The core module of a C connector can't become a component.
    #[error("the module can't be turned into a component: {0}")]
    NotEncoded(String),

    /// The component is not a connector for this host.
    #[error("{} is not a connector: {reason}", path.display())]
    NoConnector {
        /// The component.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The folder's `NAME.toml` is not valid. Nothing was installed.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// There is no `NAME.toml` to install.
    #[error("--config: there is no {} to install", .0.display())]
    NoConfig(PathBuf),

    /// The folder's `NAME.toml` can't be read.
    #[error("{} can't be read", path.display())]
    UnreadableConfig {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: FileFault,
    },

    /// The installed `NAME.toml` can't be replaced.
    #[error("{} can't be replaced: {reason}", path.display())]
    ConfigInTheWay {
        /// The installed file.
        path: PathBuf,
        /// What it is, and what to do.
        reason: String,
    },

    /// A file can't be read or written.
    #[error("{} can't be read or written", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
}

/// The command for the folder of a file, if it has one that is not the current folder.
fn folder_of(file: &Path) -> String {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    folder.map_or_else(
        || ": weld-host build .".to_owned(),
        |folder| format!(": weld-host build {}", quoted(folder)),
    )
}

/// How many folders of connectors are named.
const NAMED_FOLDERS: usize = 10;

fn folders(paths: &[PathBuf]) -> String {
    let named = paths.iter().take(NAMED_FOLDERS);
    let named: Vec<_> = named
        .map(|path| report::escaped(&path.to_string_lossy()))
        .collect();
    let more = match paths.len().saturating_sub(NAMED_FOLDERS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}

fn such_as(folder: &Path, members: &[String]) -> String {
    // A pattern such as `crates/*` is not a path.
    let member = members.iter().find(|member| !member.contains(['*', '?']));
    member.map_or_else(String::new, |member| {
        format!(": weld-host build {}", quoted(&folder.join(member)))
    })
}
