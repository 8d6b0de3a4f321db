//! The interface behind a [`Host`](crate::Host).

use std::fmt;
use std::time::Duration;

use crate::http::{Incoming, Outgoing};
use crate::{HttpError, Level, OutOfTime, Time};

/// The contract's imports, implemented by the real host in a component and by a fake one in tests.
pub(crate) trait Imports {
    fn fetch(&self, request: &Outgoing) -> Result<Incoming, HttpError>;
    fn sleep(&self, duration: Duration) -> Result<(), OutOfTime>;
    fn environment(&self) -> Vec<(String, String)>;
    fn log(&self, level: Level, message: &str);
    fn now(&self) -> Time;
}

impl fmt::Debug for dyn Imports + '_ {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Imports")
    }
}
