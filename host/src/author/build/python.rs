//! Python: runs componentize-py, from the folder's virtual environment if it has one.

use std::path::{Path, PathBuf};

use super::component;
use super::error::BuildError;
use super::project::{Project, VIRTUAL_ENVIRONMENT};
use super::tool::{Tool, ToolStderr};

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
    let output = component::output(project)?;
    let mut call = tool();
    // With a kit, componentize-py finds the contract itself.
    if folder.join(CONTRACT).is_dir() {
        call = call.with(["-d", CONTRACT, "-w", "connector"]);
    }
    call.with(["componentize", "app", "-o"])
        .with([&output])
        .run_filtered(announce, filter_stderr)
        .await?;
    Ok(output)
}

/// Filters the output of componentize-py: the one line about an adapted function that can't be served, or else Python's
/// traceback without the backtrace of componentize-py itself.
fn filter_stderr(stderr: &str) -> ToolStderr {
    let reason = stderr
        .lines()
        .find_map(|line| line.split_once("NotServed: "))
        .map(|(_, reason)| reason.to_owned());
    if let Some(reason) = reason {
        return ToolStderr::Reason(reason);
    }
    let own = stderr.split("\nStack backtrace:").next();
    ToolStderr::Passed(format!("{}\n", own.unwrap_or(stderr).trim_end()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_componentize_py_are_reduced_to_the_authors_part() {
        let traceback =
            "AssertionError: Traceback (most recent call last):\n  File \"/0/app.py\", line 3\n";
        let stack = "\n\nStack backtrace:\n   0: anyhow\n";
        let refused =
            format!("{traceback}weld_adapt.NotServed: main.py, line 3: import ssl: no\n{stack}");
        assert!(
            matches!(filter_stderr(&refused), ToolStderr::Reason(reason) if reason == "main.py, line 3: import ssl: no")
        );
        let failed = format!("{traceback}ValueError: odd\n{stack}");
        let ToolStderr::Passed(passed) = filter_stderr(&failed) else {
            panic!("there is no reason");
        };
        assert_eq!(passed, format!("{traceback}ValueError: odd\n"));
    }
}
