//! Why a connector was not put to sleep.

use std::fmt;
use std::time::Duration;

/// The page's time would be over before the pause.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OutOfTime {
    /// What the page has left.
    pub left: Duration,
}

impl fmt::Display for OutOfTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the page has only {} ms left, less than it was to sleep",
            self.left.as_millis()
        )
    }
}

impl std::error::Error for OutOfTime {}
