//! AWS Lambda: the program as a function, and the package from which a function is made.

mod environment;
mod function;
mod package;

use clap::{Args, Subcommand};

use super::error::CliError;
pub(super) use environment::{FunctionEnvironment, report_failed_start};
pub(super) use function::run as run_function;
use package::PackageFlags;

#[derive(Debug, Args)]
pub(super) struct LambdaFlags {
    #[command(subcommand)]
    command: LambdaCommand,
}

#[derive(Debug, Subcommand)]
enum LambdaCommand {
    /// Write a zip with this program and the plugins folder, to be uploaded as a function
    Package(PackageFlags),
}

/// Runs the command.
pub(super) fn run(flags: LambdaFlags) -> Result<(), CliError> {
    match flags.command {
        LambdaCommand::Package(flags) => package::run(flags),
    }
}
