//! `weld-host compile`, and hosts that load what it has compiled.

mod authors;
mod command;
mod refused;
mod serving;

use crate::{PROGRAM, guests};
use ring::digest::{SHA256, digest};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;
use weld_host_tests::process::{Ended, Process};

/// The bytes after the record of a compiled file: its digest, its length, and the magic.
const END_BYTES: usize = 32 + 4 + 8;

/// `weld-host compile` with these arguments, without an environment.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("compile").args(arguments).env_clear();
    command
}

fn compile(arguments: &[&str]) -> Ended {
    Process::start(&mut command(arguments)).wait()
}

/// Runs `weld-host compile`, which must be successful, and returns its lines on stdout.
fn compiled(arguments: &[&str]) -> Vec<String> {
    let ended = compile(arguments);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(
        ended
            .stderr
            .iter()
            .all(|line| line.starts_with("compiling ")),
        "{ended:?}"
    );
    ended.stdout
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A folder with the compiled connectors `echo` and `traps`. It survives the run, since only what has changed is compiled
/// again. No test changes it.
fn image() -> &'static Path {
    static IMAGE: OnceLock<PathBuf> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let image = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
        let plugins = TempDir::new().unwrap();
        for (name, component) in [("echo", guests::ECHOES_STATE), ("traps", guests::TRAPS)] {
            fs::copy(component, plugins.path().join(name).with_extension("wasm")).unwrap();
        }
        fs::write(plugins.path().join("echo.toml"), "").unwrap();
        compiled(&[text(plugins.path()), "-o", text(&image)]);
        image
    })
}

/// The path of a file of the compiled connectors.
fn of_image(name: &str) -> PathBuf {
    image().join(name)
}

/// Puts a copy of a file at a path, in one step.
fn put(from: &Path, to: &Path) {
    let aside = to.with_file_name(".aside");
    fs::copy(from, &aside).unwrap();
    fs::rename(aside, to).unwrap();
}

/// Changes the record of a compiled file, with a new digest.
fn with_record(file: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let (rest, end) = file.split_at(file.len() - END_BYTES);
    let length = u32::from_le_bytes(end[32..36].try_into().unwrap());
    let (code, record) = rest.split_at(rest.len() - length as usize);
    let mut record: Value = serde_json::from_slice(record).unwrap();
    change(&mut record);
    let record = serde_json::to_vec(&record).unwrap();
    let mut file = [code, &record].concat();
    let digest = digest(&SHA256, &file);
    file.extend(digest.as_ref());
    file.extend(u32::try_from(record.len()).unwrap().to_le_bytes());
    file.extend(b"weldcod1");
    file
}
