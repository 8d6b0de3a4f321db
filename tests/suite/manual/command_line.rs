//! docs/command-line.md has the help of each command: `UPDATE_DOCS=1 cargo test --test suite manual` writes the page.

use super::{page, repository};
use crate::PROGRAM;
use std::fmt::Write;
use std::process::Command;

const PAGE: &str = "docs/command-line.md";

const HEAD: &str = "# The command line\n\nEvery command with its flags, as `weld-host COMMAND --help` prints them. \
                    A test compares this page with the program.\n";

/// What `weld-host COMMAND --help` prints.
pub(super) fn help(command: &[&str]) -> String {
    let output = Command::new(PROGRAM)
        .args(command)
        .arg("--help")
        .env_clear()
        .output();
    let output = output.expect("the program can be started");
    assert!(output.status.success(), "{command:?}");
    let text = String::from_utf8(output.stdout).expect("help is text");
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    lines
        .join("\n")
        .replace("weld-host-under-test", "weld-host")
}

/// The commands that a help text lists.
pub(super) fn commands(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return Vec::new();
    };
    let names = list.lines().take_while(|line| line.starts_with("  "));
    let names = names.filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Adds the section of a command, and of those below it.
fn describe(text: &mut String, command: &[&str]) {
    let help = help(command);
    let name = ["weld-host"]
        .iter()
        .chain(command)
        .copied()
        .collect::<Vec<_>>()
        .join(" ");
    write!(text, "\n## `{name}`\n\n```text\n{help}\n```\n").unwrap();
    for below in commands(&help) {
        describe(text, &[command, &[below.as_str()]].concat());
    }
}

#[test]
fn page_of_the_command_line_is_what_help_says() {
    let mut expected = HEAD.to_owned();
    describe(&mut expected, &[]);
    assert!(
        expected.contains("## `weld-host sync state reset`"),
        "{expected}"
    );
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(repository().join(PAGE), &expected).unwrap();
    }
    let told = page(PAGE);
    let differing = expected
        .lines()
        .zip(told.lines())
        .find(|(one, other)| one != other);
    assert!(
        told == expected,
        "run UPDATE_DOCS=1 cargo test --test suite manual; {differing:?}"
    );
}
