//! Rust: `cargo build` for `wasm32-wasip2`, whose output is already a component.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::BuildError;
use super::output::{cargo_failure, is_cargo_progress};
use super::project::Project;
use super::quoting::quoted;
use super::tool::Tool;

pub(super) const TARGET: &str = "wasm32-wasip2";

/// The size of a component's stack, the same as in the template's `.cargo/config.toml`. rustc's default is 1 MiB, all of which
/// the host clears for each page.
const STACK: &str = "-Clink-arg=-zstack-size=262144";

/// Flags of rustc for this target alone. Cargo then ignores those for all targets.
const TARGET_FLAGS: &str = "CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS";

/// Flags of rustc for all targets.
const ALL_FLAGS: &str = "CARGO_BUILD_RUSTFLAGS";

pub(super) const GET_RUST: &str = "https://rustup.rs";

/// Whether Rust's target for components is installed. Checked before a build, since Cargo's message is about a missing
/// crate `core`.
///
/// # Errors
///
/// [`BuildError`]: Rust is missing, or can't be run.
pub(super) async fn has_target(folder: &Path) -> Result<bool, BuildError> {
    let libraries = Tool::new("rustc", folder, GET_RUST)
        .with(["--print", "target-libdir", "--target", TARGET])
        .ask()
        .await?;
    Ok(libraries.is_some_and(|libraries| Path::new(&libraries).is_dir()))
}

pub(super) async fn build(
    project: &Project,
    announce: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    let folder = &project.folder;
    let cargo = Tool::new("cargo", folder, GET_RUST).with([
        "build",
        "--release",
        "--target",
        TARGET,
        // Reports the component's path for any target folder; errors stay readable.
        "--message-format=json-render-diagnostics",
    ]);
    let cargo = match has_own_flags(folder) {
        true => cargo,
        false => cargo.with_variable(TARGET_FLAGS, STACK),
    };
    // Cargo doesn't see the terminal behind the pipe.
    let cargo = if io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        cargo.with_variable("CARGO_TERM_COLOR", "always")
    } else {
        cargo
    };
    let messages = cargo
        .run_filtered(announce, is_cargo_progress, |_, stderr| {
            cargo_failure(stderr, &check_command(&project.shown))
        })
        .await?;
    let manifest = folder.join("Cargo.toml");
    component(&messages, &manifest).map_err(|expected| BuildError::NoOutput {
        command: cargo.line(),
        expected,
    })
}

/// Whether the environment, or Cargo's configuration of the project or of a folder around it, has flags of rustc, which ours
/// would replace or follow.
fn has_own_flags(folder: &Path) -> bool {
    let is_set = |name| std::env::var_os(name).is_some();
    if is_set(TARGET_FLAGS) || is_set(ALL_FLAGS) {
        return true;
    }
    let configured = |folder: &Path| {
        let files = ["config.toml", "config"].map(|name| folder.join(".cargo").join(name));
        let texts = files
            .iter()
            .filter_map(|file| fs::read_to_string(file).ok());
        texts.into_iter().any(|text| text.contains("rustflags"))
    };
    folder.ancestors().any(configured)
}

/// The command that shows all errors, as it works in the current folder.
fn check_command(shown: &Path) -> String {
    let manifest = match shown == Path::new(".") {
        true => String::new(),
        false => format!(" --manifest-path {}", quoted(&shown.join("Cargo.toml"))),
    };
    format!("`cargo check --target {TARGET}{manifest}`")
}

/// A line of Cargo's stdout that describes an artifact.
#[derive(Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    target: CargoTarget,
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct CargoTarget {
    kind: Vec<String>,
}

impl Artifact {
    fn is_library(&self) -> bool {
        self.target.kind.iter().any(|kind| kind == "cdylib")
    }
}

/// The component of the package: its library, or else its only program.
fn component(messages: &[u8], manifest: &Path) -> Result<PathBuf, String> {
    let artifacts: Vec<Artifact> = messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .filter(|artifact: &Artifact| artifact.manifest_path == manifest)
        .collect();
    let components = |wanted: &dyn Fn(&Artifact) -> bool| -> Vec<PathBuf> {
        artifacts
            .iter()
            .filter(|artifact| wanted(artifact))
            .flat_map(|artifact| artifact.filenames.iter().cloned())
            .filter(|file| file.extension().is_some_and(|ending| ending == "wasm"))
            .collect()
    };
    let mut found = components(&Artifact::is_library);
    if found.is_empty() {
        found = components(&|_| true);
    }
    match found.as_slice() {
        [component] => Ok(component.clone()),
        [] => Err("the package has no `[lib]` with `crate-type = [\"cdylib\"]`".to_owned()),
        several => Err(format!(
            "the package has {} programs; make the connector a `[lib]` with `crate-type = [\"cdylib\"]`",
            several.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_for_all_errors_works_in_the_current_folder() {
        for (shown, command) in [
            (".", "`cargo check --target wasm32-wasip2`"),
            (
                "my shop",
                "`cargo check --target wasm32-wasip2 --manifest-path 'my shop/Cargo.toml'`",
            ),
        ] {
            assert_eq!(check_command(Path::new(shown)), command);
        }
    }

    #[test]
    fn flags_of_the_project_are_left_alone() {
        let around = tempfile::tempdir().unwrap();
        let project = around.path().join("connectors/shop");
        fs::create_dir_all(project.join(".cargo")).unwrap();
        assert!(!has_own_flags(&project));
        let own = project.join(".cargo/config.toml");
        fs::write(&own, "[build]\njobs = 1\n").unwrap();
        assert!(!has_own_flags(&project));
        fs::write(&own, "rustflags = ['-Clink-arg=-zstack-size=8388608']\n").unwrap();
        assert!(has_own_flags(&project));
        fs::remove_file(&own).unwrap();
        fs::create_dir(around.path().join(".cargo")).unwrap();
        let all = "[build]\nrustflags = ['--cfg', 'tokio_unstable']";
        fs::write(around.path().join(".cargo/config"), all).unwrap();
        assert!(has_own_flags(&project));
    }

    #[test]
    fn stack_is_that_of_the_template() {
        let template = include_str!("../../../../templates/rust/.cargo/config.toml");
        assert!(template.contains(&format!("rustflags = [\"{STACK}\"]")));
    }

    fn artifact(manifest: &str, kind: &str, file: &str) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","manifest_path":"{manifest}","target":{{"kind":["{kind}"]}},"filenames":["{file}"]}}"#
        )
    }

    #[test]
    fn component_is_the_library_of_the_package_or_its_only_program() {
        let other = artifact("/dep/Cargo.toml", "cdylib", "/t/dep.wasm");
        let library = artifact("/a/Cargo.toml", "cdylib", "/t/lib.wasm");
        let program = artifact("/a/Cargo.toml", "bin", "/t/one.wasm");
        let second = artifact("/a/Cargo.toml", "bin", "/t/two.wasm");
        let rlib = artifact("/a/Cargo.toml", "lib", "/t/liba.rlib");
        for (lines, expected) in [
            (vec![&other, &program, &library], Ok("/t/lib.wasm")),
            (vec![&rlib, &program], Ok("/t/one.wasm")),
            (vec![&program, &second], Err("2 programs")),
            (vec![&other, &rlib], Err("cdylib")),
        ] {
            let mut messages = String::from("not JSON\n{\"reason\":\"build-finished\"}\n");
            for line in &lines {
                messages.push_str(line);
                messages.push('\n');
            }
            match (
                component(messages.as_bytes(), Path::new("/a/Cargo.toml")),
                expected,
            ) {
                (Ok(found), Ok(path)) => assert_eq!(found, Path::new(path), "{lines:?}"),
                (Err(found), Err(words)) => assert!(found.contains(words), "{found}"),
                (found, expected) => panic!("{found:?}, not {expected:?}"),
            }
        }
    }
}
