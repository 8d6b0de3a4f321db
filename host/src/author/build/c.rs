//! C: zig compiles a core module with its own libc; this file turns it into a component.
//!
//! The bindings include the contract as a custom section of the module, so that zig is the only tool needed.

use std::path::{Path, PathBuf};

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::ComponentEncoder;

use super::component::{self, ToolOutput};
use super::error::BuildError;
use super::language::files_of;
use super::output::zig_failure;
use super::project::Project;
use super::python_environment::{PythonPackages, VIRTUAL_ENVIRONMENT, packages_of};
use super::replacement::{NEW_FILE_MODE, replace};
use super::tool::Tool;

const GET: &str = "https://ziglang.org/download/";
/// The Python package that contains zig.
const PACKAGE: &str = "ziglang==0.17.1";

/// The folder of the bindings and the kit in a connector.
const KIT: &str = "weld";

pub(super) async fn build(
    project: &Project,
    announce: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    let folder = &project.folder;
    let kit = folder.join(KIT);
    // Removed in any case.
    let module = ToolOutput::prepare(project, ".core.wasm")?;
    let mut sources = files_of(folder, "c")?;
    for extension in ["c", "o"] {
        sources.extend(files_of(&kit, extension)?);
    }
    let Some(zig) = zig(folder).await? else {
        return Err(BuildError::Missing {
            tool: "zig, the compiler,".to_owned(),
            get: GET,
        });
    };
    zig.with([
        "cc",
        "-target",
        "wasm32-wasi",
        "-std=c11",
        "-Os",
        // Without it, the module contains the whole kit and is a sixth larger.
        "-flto",
        "-Wall",
        "-Wextra",
    ])
    // A library, not a program. Its stack is smaller than zig's 16 MiB, which every call would have to clear.
    .with(["-mexec-model=reactor", "-Wl,-z,stack-size=65536"])
    .with(["-I", KIT, "-o"])
    .with([module.path()])
    .with(sources)
    .run_filtered(announce, |_| false, |_, stderr| zig_failure(stderr, folder))
    .await?;
    let bytes = encode(&component::read(module.path())?)?;
    let output = project
        .folder
        .join("dist")
        .join(format!("{}.wasm", project.name));
    replace(&output, &bytes, NEW_FILE_MODE).map_err(|source| BuildError::File {
        path: output.clone(),
        source,
    })?;
    Ok(output)
}

/// The package with zig for a folder; `None` if there is one already.
pub(super) async fn missing_zig(folder: &Path) -> Result<Option<PythonPackages>, BuildError> {
    match zig(folder).await? {
        Some(_) => Ok(None),
        None => PythonPackages::named(folder, PACKAGE).await,
    }
}

/// Finds zig: as a Python package in the folder's virtual environment, on the path, or as a global Python package.
async fn zig(folder: &Path) -> Result<Option<Tool>, BuildError> {
    let local = folder.join(VIRTUAL_ENVIRONMENT).join("bin/python");
    let of_python = |program: &Path| Tool::new(program, folder, GET).with(["-m", "ziglang"]);
    // To ask it would take longer than to compile a small connector.
    let has_package = packages_of(folder)
        .iter()
        .any(|package| package.starts_with("ziglang "));
    if has_package && local.exists() {
        return Ok(Some(of_python(&local)));
    }
    let ways: [&dyn Fn() -> Tool; 2] = [&|| Tool::new("zig", folder, GET), &|| {
        of_python(Path::new("python3"))
    }];
    for way in ways {
        if way().with(["version"]).is_there().await? {
            return Ok(Some(way()));
        }
    }
    Ok(None)
}

/// Makes a component from a core module that uses WASI Preview 1.
fn encode(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| {
            encoder.adapter(
                WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
                WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
            )
        })
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| {
            let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
            BuildError::NotEncoded(causes.join(": "))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_without_the_contract_is_refused_with_a_reason() {
        for module in [&b"no wasm"[..], b""] {
            let error = encode(module).expect_err("not a module");
            assert!(matches!(error, BuildError::NotEncoded(reason) if !reason.is_empty()));
        }
    }
}
