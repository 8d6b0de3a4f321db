//! JavaScript and TypeScript: runs the project's `npm run build`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::BuildError;
use super::output::{npm_failure, show, without_banner};
use super::project::Project;
use super::tool::Tool;

const NEEDED: &str = "20";
pub(in crate::author) const GET_NODE: &str = "https://nodejs.org";

pub(super) async fn build(
    project: &Project,
    announce: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    let folder = &project.folder;
    let npm = Tool::new("npm", folder, GET_NODE).with(["run", "build"]);
    let reduce = |stdout: &str, stderr: &str| npm_failure(stdout, stderr).in_folder(&project.shown);
    let stdout = npm.run_filtered(announce, |_| false, reduce).await?;
    let said = without_banner(&String::from_utf8_lossy(&stdout));
    show(said.lines().filter(|line| !is_of_kit(line)));
    newest(project).ok_or_else(|| BuildError::NoOutput {
        command: npm.line(),
        expected: format!("there is no dist/{0}.wasm and no {0}.wasm", project.name),
    })
}

/// Whether the kit reports with this line what it has built, as `build` itself will.
fn is_of_kit(line: &str) -> bool {
    line.strip_prefix("built /")
        .is_some_and(|path| path.ends_with(".wasm"))
}

/// Fails if Node is missing or too old.
pub(in crate::author) async fn require_node(folder: &Path) -> Result<(), BuildError> {
    Tool::new("node", folder, GET_NODE)
        .with(["--version"])
        .require("node", NEEDED)
        .await
}

/// The newest component in the two places where a script may put it.
fn newest(project: &Project) -> Option<PathBuf> {
    let file = format!("{}.wasm", project.name);
    [
        project.folder.join("dist").join(&file),
        project.folder.join(&file),
    ]
    .into_iter()
    .filter_map(|path| {
        let written: SystemTime = path.metadata().ok()?.modified().ok()?;
        Some((written, path))
    })
    .max_by_key(|(written, _)| *written)
    .map(|(_, path)| path)
}
