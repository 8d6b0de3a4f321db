//! The log's level, which the operator may change while the host runs.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// The lowest level that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Faults of the host.
    Error,
    /// What an operator can fix.
    Warn,
    /// One line for each request, and changes of connectors.
    Info,
    /// What each call does.
    Debug,
}

impl LogLevel {
    /// All levels, the least talkative first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// The level's name, as `--log` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl Display for LogLevel {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The text is not the name of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLevel;

impl FromStr for LogLevel {
    type Err = UnknownLevel;

    /// Reads a level's name, in upper or lower case, with white space around it.
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let name = text.trim();
        let mut levels = Self::ALL.into_iter();
        levels
            .find(|level| level.name().eq_ignore_ascii_case(name))
            .ok_or(UnknownLevel)
    }
}

/// The log, as far as the admin listener controls it.
pub trait LogControl: Send + Sync {
    /// The present level.
    fn level(&self) -> LogLevel;

    /// Logs from this level on. Returns false if the log has ended.
    fn set_level(&self, level: LogLevel) -> bool;
}
