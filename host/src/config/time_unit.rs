//! Units of numbers that mean a time.

use std::time::Duration;

use super::choice::chosen;

/// The unit of a number that means a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// The number of these units from now.
    From(Duration),
    /// The number of these units since 1970: a point in time.
    Since1970(Duration),
}

/// The names of units in a file.
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
    /// Seconds from now.
    pub const SECONDS: Self = Self::From(Duration::from_secs(1));

    /// The names of all units, as a list for messages.
    pub(in crate::config) fn names() -> String {
        UNITS.map(|(name, _)| name).join(", ")
    }

    /// The unit with this name.
    pub(in crate::config) fn parse(text: &str) -> Result<Self, String> {
        chosen("unit", text, UNITS, |(name, _)| name).map(|(_, unit)| unit)
    }
}
