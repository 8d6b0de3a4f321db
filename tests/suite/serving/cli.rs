//! The command line as users see it.

use crate::PROGRAM;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .env_clear()
        .output()
        .expect("the program can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_names_every_command() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output.stdout);
    assert!(help.contains("serve") && help.contains("demo"), "{help}");
}

#[test]
fn version_is_printed() {
    let output = run(&["--version"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        text(&output.stdout).trim(),
        format!("weld-host {}", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn mistakes_of_the_user_end_in_status_1_and_say_what_is_wrong() {
    for (arguments, words) in [
        (&["serve", "--plugin", "x"][..], "--plugins"),
        (&["serv"], "serve"),
        (&["serve", "--slots", "many"], "--slots"),
        (&["serve", "--slots", "0"], "--slots"),
        (&["serve", "--max-memory", "3 parsecs"], "--max-memory"),
        (&["serve", "--max-cpu-time", "soon"], "--max-cpu-time"),
        (&["serve", "--listen", "nowhere"], "--listen"),
        (&["serve", "--log", "loud"], "--log"),
        (&["serve", "--log-format", "xml"], "--log-format"),
        (&["serve", "--default", "No Name"], "--default"),
        (&["demo", "--scale", "0"], "--scale"),
        (&["demo", "--pause", "500"], "write a number and a unit"),
        (&["demo", "--pause", "soon"], "--pause"),
        (&["demo", "--pause=-1s"], "--pause"),
    ] {
        let output = run(arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(words), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
    }
}
