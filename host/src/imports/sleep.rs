//! `sleep`: a pause within a page.

use std::time::Duration;

use crate::bindings::host::OutOfTime;
use crate::scope::CallScope;

/// Waits for `milliseconds`. If that would exceed the page's deadline, returns the remaining time at once, so that the
/// guest can still hand over the rows it has.
pub(super) async fn sleep(milliseconds: u32, scope: &CallScope) -> Result<(), OutOfTime> {
    let paused = scope.pause(Duration::from_millis(milliseconds.into()));
    paused.await.map_err(|left| OutOfTime {
        left: u32::try_from(left.as_millis()).unwrap_or(u32::MAX),
    })
}
