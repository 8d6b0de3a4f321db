//! Python: componentize-py, from the folder's virtual environment where it has one.

use std::path::{Path, PathBuf};

use super::component;
use super::error::BuildError;
use super::project::{Project, VIRTUAL_ENVIRONMENT};
use super::tool::{Tool, ToolWords};

/// The folder of `connector.wit`, where a connector has its own copy.
const CONTRACT: &str = "wit";

/// The oldest whose bindings the contract's guides and kit are written for.
const NEEDED: &str = "0.25";
const GET: &str = "python3 -m venv .venv && .venv/bin/pip install 'componentize-py>=0.25'";
pub(in crate::author) const GET_PYTHON: &str = "https://www.python.org/downloads/";
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
        .run_heard(announce, words)
        .await?;
    Ok(output)
}

/// What an author needs of the words of componentize-py: the one line of an adapted function that can't be served, or else
/// Python's traceback without that of componentize-py itself.
fn words(stderr: &str) -> ToolWords {
    let reason = stderr
        .lines()
        .find_map(|line| line.split_once("NotServed: "))
        .map(|(_, reason)| reason.to_owned());
    if let Some(reason) = reason {
        return ToolWords::Reason(reason);
    }
    let own = stderr.split("\nStack backtrace:").next();
    ToolWords::Passed(format!("{}\n", own.unwrap_or(stderr).trim_end()))
}

/// Gets componentize-py into the folder's own environment, unless it is there, or on the machine. Tells the Python that
/// installs packages.
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
    fn a_traceback_of_componentize_py_comes_down_to_what_an_author_can_mend() {
        let traceback =
            "AssertionError: Traceback (most recent call last):\n  File \"/0/app.py\", line 3\n";
        let stack = "\n\nStack backtrace:\n   0: anyhow\n";
        let refused =
            format!("{traceback}weld_adapt.NotServed: main.py, line 3: import ssl: no\n{stack}");
        assert!(
            matches!(words(&refused), ToolWords::Reason(reason) if reason == "main.py, line 3: import ssl: no")
        );
        let failed = format!("{traceback}ValueError: odd\n{stack}");
        let ToolWords::Passed(passed) = words(&failed) else {
            panic!("no reason is known");
        };
        assert_eq!(passed, format!("{traceback}ValueError: odd\n"));
    }
}
