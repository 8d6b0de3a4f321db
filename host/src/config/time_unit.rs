//! What a number that means a time counts.

use std::time::Duration;

/// What a number that means a time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// So many of this time, from now on.
    From(Duration),
    /// So many of this time since 1970: the time at which something ends.
    Since1970(Duration),
}

/// Units as the file names them.
const UNITS: [(&str, TimeUnit); 6] = [
    ("seconds", TimeUnit::From(Duration::from_secs(1))),
    ("milliseconds", TimeUnit::From(Duration::from_millis(1))),
    ("minutes", TimeUnit::From(Duration::from_secs(60))),
    ("hours", TimeUnit::From(Duration::from_secs(3600))),
    ("unix-seconds", TimeUnit::Since1970(Duration::from_secs(1))),
    (
        "unix-milliseconds",
        TimeUnit::Since1970(Duration::from_millis(1)),
    ),
];

impl TimeUnit {
    /// Seconds from now on.
    pub const SECONDS: Self = Self::From(Duration::from_secs(1));

    /// The names of all units, as a message lists them.
    pub(in crate::config) fn names() -> String {
        UNITS.map(|(name, _)| name).join(", ")
    }

    /// The unit of this name.
    pub(in crate::config) fn parse(text: &str) -> Result<Self, String> {
        let found = UNITS.into_iter().find(|(name, _)| *name == text);
        found
            .map(|(_, unit)| unit)
            .ok_or_else(|| format!("no such unit: write one of {}", Self::names()))
    }
}
