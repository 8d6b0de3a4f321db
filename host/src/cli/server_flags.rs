//! Flags of commands without a server that are some of those of `serve`, with the same meaning.

use std::marker::PhantomData;

use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::settings::{read_flags, with_flags};
use crate::config::ServerConfig;

/// Which settings of `serve` a command takes: those that its messages tell users to raise.
pub(super) trait FlagKeys {
    /// Their names.
    const KEYS: &'static [&'static str];
}

/// The upper bounds of a connector's limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct CeilingKeys;

impl FlagKeys for CeilingKeys {
    const KEYS: &'static [&'static str] = &[
        "max-memory",
        "max-cpu-time",
        "max-page-timeout",
        "max-concurrency",
        "max-component",
        "max-body",
    ];
}

/// The flags of `sync`, `check` and `run` for the upper bounds of a connector's limits.
pub(super) type CeilingFlags = ServerFlags<CeilingKeys>;

/// The flags for these settings of a host.
#[derive(Debug, Clone)]
pub(super) struct ServerFlags<K> {
    /// The settings; all but those of the flags have their defaults.
    pub(super) config: Box<ServerConfig>,
    keys: PhantomData<K>,
}

impl<K> Default for ServerFlags<K> {
    fn default() -> Self {
        Self {
            config: Box::new(ServerConfig::unattended()),
            keys: PhantomData,
        }
    }
}

impl<K: FlagKeys> FromArgMatches for ServerFlags<K> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        read_flags(matches, K::KEYS, &mut flags.config)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<K: FlagKeys> Args for ServerFlags<K> {
    fn augment_args(command: Command) -> Command {
        with_flags(command, K::KEYS)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
