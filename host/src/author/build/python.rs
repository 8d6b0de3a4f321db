//! Python: runs componentize-py, from the folder's virtual environment if it has one.

use std::path::{Path, PathBuf};

use super::component;
use super::error::BuildError;
use super::output::python_failure;
use super::project::{Project, VIRTUAL_ENVIRONMENT};
use super::python_sources::check_sources;
use super::tool::Tool;

/// The folder of `connector.wit`, if a connector has its own copy.
const CONTRACT: &str = "wit";

/// The oldest version for whose bindings the guides and the kit are written.
const NEEDED: &str = "0.25";
const GET: &str = "python3 -m venv .venv && .venv/bin/pip install 'componentize-py>=0.25' (in the connector's folder)";
pub(in crate::author) const GET_PYTHON: &str = "https://www.python.org/downloads/";
const GET_ALL: &str = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt (in the connector's folder)";

pub(super) async fn build(
    project: &Project,
    announce: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    let folder = &project.folder;
    let environment = folder.join(VIRTUAL_ENVIRONMENT);
    let local = environment.join("bin/componentize-py");
    let get = if folder.join("requirements.txt").is_file() {
        GET_ALL
    } else {
        GET
    };
    let tool = || {
        if local.is_file() {
            // As if the environment were active, since componentize-py looks for packages there.
            Tool::new(&local, folder, get).with_variable("VIRTUAL_ENV", &environment)
        } else {
            Tool::new("componentize-py", folder, get)
        }
    };
    tool()
        .with(["--version"])
        .require("componentize-py", NEEDED)
        .await?;
    let own_python = environment.join("bin/python");
    let python = if own_python.is_file() {
        own_python
    } else {
        PathBuf::from("python3")
    };
    let install = install_command(folder);
    // `adapt` has read an adapted function, which its app.py doesn't import by itself.
    let exits = if folder.join("weld_adapt").is_dir() {
        Vec::new()
    } else {
        check_sources(Tool::new(python, folder, GET_PYTHON), folder, &install).await?
    };
    let output = component::output(project)?;
    let mut call = tool();
    // With a kit, componentize-py finds the contract itself.
    if folder.join(CONTRACT).is_dir() {
        call = call.with(["-d", CONTRACT, "-w", "connector"]);
    }
    call.with(["componentize", "app", "-o"])
        .with([&output])
        .run_filtered(
            announce,
            |_| false,
            |_, stderr| python_failure(stderr, &exits, &install),
        )
        .await?;
    Ok(output)
}

/// The command that installs the packages of a folder, as typed in the current folder.
fn install_command(folder: &Path) -> String {
    let current = std::env::current_dir().and_then(|current| current.canonicalize());
    let within = current
        .ok()
        .and_then(|current| folder.strip_prefix(current).ok().map(Path::to_owned));
    match within {
        Some(within) if within.as_os_str().is_empty() => "weld-host build --install".to_owned(),
        Some(within) => format!("weld-host build {} --install", within.display()),
        None => format!("weld-host build {} --install", folder.display()),
    }
}

/// Installs componentize-py into the folder's own environment, unless it is there or on the machine. Returns the Python
/// that installs packages.
pub(in crate::author) async fn get_componentize(
    folder: &Path,
    announce: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    let environment = folder.join(VIRTUAL_ENVIRONMENT);
    let own = environment.join("bin/python");
    if environment.join("bin/componentize-py").is_file() {
        return Ok(own);
    }
    let machines = Tool::new("componentize-py", folder, GET).with(["--version"]);
    if machines.is_there().await? {
        return Ok(PathBuf::from("python3"));
    }
    Tool::new("python3", folder, GET_PYTHON)
        .with(["-m", "venv", VIRTUAL_ENVIRONMENT])
        .run(announce)
        .await?;
    Tool::new(&own, folder, GET_PYTHON)
        .with(["-m", "pip", "--disable-pip-version-check", "install"])
        .with(["--quiet", "-r", "requirements.txt"])
        .run(announce)
        .await?;
    Ok(own)
}
