//! `weld-host config`: the settings of a server, and where each comes from.

mod check;

use clap::{Args, Subcommand};

use super::arguments::Resolution;
use super::error::CliError;
use super::host_settings::{HostSettings, ServeFlags};
use super::output::say;
use super::setting_list::SettingList;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct ConfigFlags {
    #[command(subcommand)]
    command: Option<ConfigCommand>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    serve: ServeFlags,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check the settings and the connectors' NAME.toml without starting a server; print all problems
    Check(ConfigCheckFlags),
}

#[derive(Debug, Args)]
struct ConfigCheckFlags {
    /// Check for another machine: do not report variables and files that are missing here
    #[arg(long)]
    elsewhere: bool,
    #[command(flatten)]
    serve: ServeFlags,
}

impl ConfigFlags {
    /// The flags of `serve`.
    pub(super) fn serve(&self) -> &ServeFlags {
        match &self.command {
            None => &self.serve,
            Some(ConfigCommand::Check(check)) => &check.serve,
        }
    }
}

/// Prints each setting with its value and origin, or checks them.
pub(super) fn run(flags: ConfigFlags, resolution: &Resolution) -> Result<(), CliError> {
    if let Some(ConfigCommand::Check(check)) = flags.command {
        let settings = HostSettings::new(check.serve, resolution)?;
        return check::run(&settings, resolution, check.elsewhere);
    }
    let settings = HostSettings::new(flags.serve, resolution)?;
    let listing = SettingList::new(&settings, resolution);
    say(&if flags.json {
        listing.to_json(resolution).to_string()
    } else {
        listing.to_text()
    });
    Ok(())
}
