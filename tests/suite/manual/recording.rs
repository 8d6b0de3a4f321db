//! README's commands: where each is run, and that the recording of the first connector shows them.

use super::{page, repository};
use crate::PROGRAM;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::process::Process;

const RECORDING: &str = "docs/pictures/first-connector.svg";

/// The most bytes of the recording.
const MAX_BYTES: usize = 150_000;

/// Each command of README's blocks, and what runs it.
const COMMANDS: [(&str, &str); 6] = [
    ("rustup target add wasm32-wasip2", ".ci/run setup"),
    (
        "cargo run --locked -p weld-host -- demo --once",
        "serving::demo, with the program of the suite",
    ),
    ("cargo test --locked --workspace", ".ci/run tests"),
    (
        "weld-host new shop --lang python",
        "the test below, `just recording`",
    ),
    ("weld-host build shop --install", "`just recording`"),
    ("weld-host sync shop", "`just recording`"),
];

/// The one that does not end by itself.
const SERVE: &str = "WELD_API_KEY=secret weld-host serve";

/// The commands of README's blocks, without comments.
fn commands() -> Vec<String> {
    let text = page("README.md");
    let blocks = text.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap_or_default());
    let lines = blocks.flat_map(str::lines);
    let commands = lines.map(|line| line.split(" #").next().unwrap_or_default().trim());
    commands.map(str::to_owned).collect()
}

/// The commands that the recording shows.
fn recorded() -> Vec<String> {
    let picture = page(RECORDING);
    let shown = picture.split("data-command=\"").skip(1);
    let shown = shown.map(|rest| rest.split('"').next().unwrap_or_default());
    shown.map(|command| command.replace("&amp;", "&")).collect()
}

/// A shell with the program under test as `weld-host`, in a folder of its own.
fn shell(folder: &Path, command: &str) -> Command {
    let programs = folder.join("bin");
    if !programs.exists() {
        fs::create_dir(&programs).unwrap();
        symlink(PROGRAM, programs.join("weld-host")).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder).env_clear();
    shell
        .env("PATH", path)
        .env("WELD_CACHE", folder.join("cache"));
    shell
}

#[test]
fn every_command_of_the_front_page_is_run_somewhere() {
    let known = COMMANDS.iter().map(|(command, _)| *command).chain([SERVE]);
    let known: Vec<&str> = known.collect();
    assert_eq!(
        commands(),
        known,
        "say here what runs a new command of README.md"
    );
}

#[test]
fn new_and_serve_run_as_the_front_page_has_them() {
    let desk = TempDir::new().unwrap();
    let new = commands()
        .into_iter()
        .find(|command| command.starts_with("weld-host new"));
    let output = shell(desk.path(), &new.unwrap()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(desk.path().join("shop/app.py").is_file());
    fs::create_dir(desk.path().join("plugins")).unwrap();
    let mut serve = shell(desk.path(), &format!("exec env {SERVE}"));
    let server = Process::start(serve.env("WELD_LISTEN", "127.0.0.1:0"));
    server
        .stdout()
        .wait_for_text("listening on http://127.0.0.1:");
}

#[test]
fn recording_shows_the_commands_of_the_front_page() {
    let shown = recorded();
    let first = commands()
        .iter()
        .position(|command| Some(command) == shown.first());
    let first = first.expect("README.md has the recording's first command");
    assert_eq!(
        commands()[first..first + shown.len()],
        shown,
        "README.md has other commands than {RECORDING}: run `just recording`"
    );
    assert!(
        shown
            .last()
            .is_some_and(|command| command.contains(" sync ")),
        "{shown:?}"
    );
    let bytes = fs::metadata(repository().join(RECORDING)).unwrap().len();
    assert!(bytes < MAX_BYTES as u64, "{RECORDING} has {bytes} bytes");
}
