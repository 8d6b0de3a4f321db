//! Durations as the contract has them.

use std::time::Duration;

/// A duration in whole milliseconds, rounded up so that no wait is too short.
pub(crate) fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

pub(crate) fn duration(milliseconds: u32) -> Duration {
    Duration::from_millis(milliseconds.into())
}
