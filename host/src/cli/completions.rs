//! `weld-host completions`: the script with which a shell completes commands, flags and values.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::error::CliError;
use super::{Cli, PROGRAM};

#[derive(Debug, Args)]
pub(super) struct CompletionsFlags {
    /// The shell that reads the script
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(flags: &CompletionsFlags) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut Cli::command(), PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script);
    // In a script for bash, clap_complete names the states of its parser in two ways if the program's name has a hyphen,
    // and then completes no command's flags.
    let script = script.replace("weld__subcmd__host", "weld__host");
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(script.as_bytes());
    written
        .and_then(|()| stdout.flush())
        .map_err(CliError::Stdout)
}
