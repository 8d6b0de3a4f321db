//! Functions in Python.
//!
//! Python itself reads the source, since it alone knows its syntax: `weld_adapt.tools` prints the findings as JSON.

use std::path::Path;

use serde::Deserialize;

use super::error::AdaptError;
use super::findings::FunctionFindings;
use super::folder::{AdaptedFolder, FUNCTION};
use super::request::AdaptRequest;
use super::scan::scanned;
use super::source::FunctionSource;
use crate::author::build::{GET_PYTHON, Tool, get_componentize};
use crate::author::new::Files;

/// The shim, the kit, and the other files of the folder.
const FOLDER: Files = include!(concat!(env!("OUT_DIR"), "/template_adapt-python.rs"));

#[derive(Deserialize)]
struct PythonFindings {
    /// The module that the platform would load, such as `main`.
    module: String,
    #[serde(flatten)]
    findings: FunctionFindings,
    /// Whether there are packages to install.
    #[serde(default)]
    needs_packages: bool,
}

/// Adds the shim, the kit, tools and packages to the folder, so that `build` accepts it. Returns the findings.
///
/// # Errors
///
/// [`AdaptError`]: the function can't be served, or a tool fails.
pub(super) async fn prepare(
    request: &AdaptRequest,
    source: &FunctionSource,
    folder: &AdaptedFolder,
    announce: &mut dyn FnMut(&str),
) -> Result<FunctionFindings, AdaptError> {
    folder.write(FOLDER)?;
    let question = |python: &Path, tool: &str| {
        let mut call = Tool::new(python, &folder.path, GET_PYTHON)
            .with_variable("PYTHONDONTWRITEBYTECODE", "1")
            .with(["-m", "weld_adapt.tools", tool, FUNCTION])
            .with([&source.file]);
        for (flag, value) in request.scan_flags() {
            call = call.with([flag, value]);
        }
        for package in &request.stand_ins {
            call = call.with(["--stand-in", package]);
        }
        call
    };
    // Before any download, since the source shows most problems of a function.
    let mut found: PythonFindings =
        scanned(&question(Path::new("python3"), "scan"), &mut |_| {}).await?;
    let python = get_componentize(&folder.path, announce).await?;
    if found.needs_packages {
        found = scanned(&question(&python, "install"), announce).await?;
    }
    let app = app(&found.module, request, &found.findings);
    folder.write_file("app.py", app.as_bytes())?;
    Ok(found.findings)
}

/// The text of `app.py`, which `build` looks for.
fn app(module: &str, request: &AdaptRequest, findings: &FunctionFindings) -> String {
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let mut arguments = vec![quoted(module)];
    if let Some(entry) = &request.entry {
        arguments.push(format!("entry={}", quoted(entry)));
    }
    if let Some(variable) = &findings.key_variable {
        arguments.push(format!("key_variable={}", quoted(variable)));
    }
    if !request.stand_ins.is_empty() {
        let packages: String = request
            .stand_ins
            .iter()
            .map(|package| format!("{}, ", quoted(package)))
            .collect();
        arguments.push(format!("stand_ins=({})", packages.trim_end()));
    }
    format!(
        "\"\"\"Serves the function in function/ as a Weld connector. Made by `weld-host adapt`.\"\"\"\n\n\
         import weld_adapt\n\n\
         Source = weld_adapt.export({})\n",
        arguments.join(", ")
    )
}
