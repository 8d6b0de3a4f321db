//! JavaScript and TypeScript: whatever `npm run build` is.

use std::path::PathBuf;
use std::time::SystemTime;

use super::error::BuildError;
use super::project::Project;
use super::tool::Tool;

const NEEDED: &str = "20";
const GET_NODE: &str = "https://nodejs.org";
const GET_PACKAGES: &str = "npm install";
const GET_LOCKED_PACKAGES: &str = "npm ci";

pub(super) async fn build(
    project: &Project,
    announce: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    let folder = &project.folder;
    Tool::new("node", folder, GET_NODE)
        .with(["--version"])
        .require("node", NEEDED)
        .await?;
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
    npm.run(announce).await?;
    newest(project).ok_or_else(|| BuildError::NoOutput {
        command: npm.line(),
        expected: format!("there is no dist/{0}.wasm and no {0}.wasm", project.name),
    })
}

/// Of the places where a script may put its component, the one that was written to last.
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
