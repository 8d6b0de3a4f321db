//! Clients that read nothing of their answer.

use std::time::Duration;

use crate::report::milliseconds;

/// How many times such a client is checked within its time.
pub(super) const LOOKS: u32 = 8;

/// Writes to the log that a client was cut off because it has read nothing for as long as `limit`.
pub(super) fn note_cut_off(limit: Duration) {
    tracing::info!(
        limit_ms = milliseconds(limit),
        "cut off a client that read nothing of its answer for this long (--write-timeout)"
    );
}
