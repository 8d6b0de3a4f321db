//! The flags of `sync`, `check` and `run` for the upper bounds of a connector's limits, the same as those of `serve`.

use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::settings::{read_flags, with_flags};
use crate::config::ServerConfig;

/// The settings that messages about a limit tell users to raise.
const KEYS: &[&str] = &[
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

impl FromArgMatches for CeilingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        read_flags(matches, KEYS, &mut flags.config)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for CeilingFlags {
    fn augment_args(command: Command) -> Command {
        with_flags(command, KEYS)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
