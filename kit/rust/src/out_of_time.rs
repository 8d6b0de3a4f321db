//! The error of a pause that is longer than the page's time.

use std::fmt;
use std::time::Duration;

/// The page's time would end before the pause does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OutOfTime {
    /// The time that the page has left.
    pub left: Duration,
}

impl fmt::Display for OutOfTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the page has only {} ms left, less than the requested pause",
            self.left.as_millis()
        )
    }
}

impl std::error::Error for OutOfTime {}
