//! Python: componentize-py, from the folder's virtual environment where it has one.

use std::path::PathBuf;

use super::component;
use super::error::BuildError;
use super::project::{Project, VIRTUAL_ENVIRONMENT};
use super::tool::Tool;

/// The folder of `connector.wit`, where a connector has its own copy.
const CONTRACT: &str = "wit";

/// The oldest whose bindings the contract's guides and kit are written for.
const NEEDED: &str = "0.25";
const GET: &str = "python3 -m venv .venv && .venv/bin/pip install 'componentize-py>=0.25'";
const GET_ALL: &str = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt";

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
            // As if it were active: there it looks for packages.
            Tool::new(&local, folder, get).with_variable("VIRTUAL_ENV", &environment)
        } else {
            Tool::new("componentize-py", folder, get)
        }
    };
    tool()
        .with(["--version"])
        .require("componentize-py", NEEDED)
        .await?;
    let output = component::output(project)?;
    let mut call = tool();
    // A kit brings the contract along, and says so by itself.
    if folder.join(CONTRACT).is_dir() {
        call = call.with(["-d", CONTRACT, "-w", "connector"]);
    }
    call.with(["componentize", "app", "-o"])
        .with([&output])
        .run(announce)
        .await?;
    Ok(output)
}
