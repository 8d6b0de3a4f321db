//! Python: runs componentize-py, from the folder's virtual environment if it has one.

use std::path::PathBuf;

use super::component::ToolOutput;
use super::error::BuildError;
use super::output::{PythonFolder, python_failure};
use super::project::Project;
use super::python_environment::{COMPONENTIZE, GET_PYTHON, VIRTUAL_ENVIRONMENT};
use super::python_sources::check_sources;
use super::tool::Tool;

/// The folder of `connector.wit`, if a connector has its own copy.
const CONTRACT: &str = "wit";

const GET: &str = "weld-host build DIR --install";

pub(super) async fn build(
    project: &Project,
    announce: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    let folder = &project.folder;
    let environment = folder.join(VIRTUAL_ENVIRONMENT);
    let local = environment.join("bin/componentize-py");
    let mut call = if local.is_file() {
        // As if the environment were active, since componentize-py looks for packages there.
        Tool::new(&local, folder, GET).with_variable("VIRTUAL_ENV", &environment)
    } else {
        Tool::new(COMPONENTIZE.0, folder, GET)
    };
    let own_python = environment.join("bin/python");
    let python = if own_python.is_file() {
        own_python
    } else {
        PathBuf::from("python3")
    };
    let known = PythonFolder::new(&project.shown);
    // `adapt` has read an adapted function, which its app.py doesn't import by itself.
    let exits = if folder.join("weld_adapt").is_dir() {
        Vec::new()
    } else {
        check_sources(Tool::new(python, folder, GET_PYTHON), folder, &known).await?
    };
    let output = ToolOutput::prepare(project, ".wasm")?;
    // With a kit, componentize-py finds the contract itself.
    if folder.join(CONTRACT).is_dir() {
        call = call.with(["-d", CONTRACT, "-w", "connector"]);
    }
    call.with(["componentize", "app", "-o"])
        .with([output.path()])
        .run_filtered(
            announce,
            |_| false,
            |_, stderr| python_failure(stderr, &exits, &known),
        )
        .await?;
    Ok(output.finish())
}
