//! The flags of `sync`, `check` and `run` for the upper bounds of a connector's limits, the same as those of `serve`.

use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::settings::flag;
use crate::config::{SETTINGS, ServerConfig, Setting};

/// The settings that messages about a limit tell users to raise.
const KEYS: [&str; 6] = [
    "max-memory",
    "max-cpu-time",
    "max-page-timeout",
    "max-concurrency",
    "max-component",
    "max-body",
];

/// The settings of a host that serves one connector for a command.
#[derive(Debug, Clone)]
pub(super) struct CeilingFlags {
    /// The settings; all but the upper bounds have their defaults.
    pub(super) config: Box<ServerConfig>,
}

impl Default for CeilingFlags {
    fn default() -> Self {
        Self {
            config: Box::new(ServerConfig::unattended()),
        }
    }
}

fn settings() -> impl Iterator<Item = &'static Setting> {
    SETTINGS
        .iter()
        .filter(|setting| KEYS.contains(&setting.key))
}

impl FromArgMatches for CeilingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        for setting in settings() {
            if let Some(text) = matches.get_one::<String>(setting.key) {
                setting.set(&mut flags.config, text).map_err(|problem| {
                    clap::Error::raw(clap::error::ErrorKind::ValueValidation, problem)
                })?;
            }
        }
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for CeilingFlags {
    fn augment_args(command: Command) -> Command {
        command.args(settings().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
