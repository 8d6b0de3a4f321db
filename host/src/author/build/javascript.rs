//! JavaScript and TypeScript: runs the project's `npm run build`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::BuildError;
use super::output::{npm_failure, show, without_banner};
use super::project::Project;
use super::tool::Tool;

const NEEDED: &str = "20";
pub(in crate::author) const GET_NODE: &str = "https://nodejs.org";
const GET_PACKAGES: &str = "npm install (in the connector's folder)";
const GET_LOCKED_PACKAGES: &str = "npm ci (in the connector's folder)";

pub(super) async fn build(
    project: &Project,
    announce: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    let folder = &project.folder;
    require_node(folder).await?;
    if !folder.join("node_modules").is_dir() {
        let is_locked = folder.join("package-lock.json").is_file();
        return Err(BuildError::Missing {
            tool: "the folder node_modules".to_owned(),
            get: if is_locked {
                GET_LOCKED_PACKAGES
            } else {
                GET_PACKAGES
            },
        });
    }
    let npm = Tool::new("npm", folder, GET_NODE).with(["run", "build"]);
    let stdout = npm.run_filtered(announce, |_| false, npm_failure).await?;
    show(without_banner(&String::from_utf8_lossy(&stdout)).lines());
    newest(project).ok_or_else(|| BuildError::NoOutput {
        command: npm.line(),
        expected: format!("there is no dist/{0}.wasm and no {0}.wasm", project.name),
    })
}

/// Fails if Node is missing or too old.
pub(in crate::author) async fn require_node(folder: &Path) -> Result<(), BuildError> {
    Tool::new("node", folder, GET_NODE)
        .with(["--version"])
        .require("node", NEEDED)
        .await
}

/// Installs the packages in the folder's `package.json`, without running their scripts. `has_more` says that the lock
/// file lacks some of them.
pub(in crate::author) async fn get_packages(
    folder: &Path,
    has_more: bool,
    announce: &mut dyn FnMut(&str),
) -> Result<(), BuildError> {
    let command = if has_more { "install" } else { "ci" };
    Tool::new("npm", folder, GET_NODE)
        .with([command, "--ignore-scripts", "--no-audit", "--no-fund"])
        .with(["--loglevel=error"])
        .run(announce)
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
