//! `weld-host man`: the manual pages.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::builder::ValueHint;
use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::Cli;
use super::error::CliError;
use super::output::{printable, say};

#[derive(Debug, Args)]
pub(super) struct ManFlags {
    /// The folder to write a page for each command to, such as /usr/local/share/man/man1 [default: print the first page]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: Option<PathBuf>,
}

/// Prints the program's page, or writes a page for each command.
pub(super) fn run(flags: ManFlags) -> Result<(), CliError> {
    match flags.folder {
        None => print().map_err(CliError::Stdout),
        Some(folder) => {
            write(&folder).map_err(|source| CliError::ManPages {
                folder: folder.clone(),
                source,
            })?;
            let folder = folder.display().to_string();
            say(&printable(&format!(
                "The pages are in {folder}, the first is {folder}/weld-host.1"
            )));
            Ok(())
        }
    }
}

fn print() -> io::Result<()> {
    let mut page = Vec::new();
    Man::new(Cli::command().disable_help_subcommand(true)).render(&mut page)?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&page)?;
    stdout.flush()
}

/// Creates the folder if it is missing, and replaces pages of an earlier version.
fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Cli::command(), folder)
}
