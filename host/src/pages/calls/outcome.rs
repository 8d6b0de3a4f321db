//! What calls are known by, what they end in, and for how long that counts.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use crate::waits::Waits;

/// What equal requests have in common.
pub(in crate::pages) trait CallKey: Eq + Hash + Clone + Send + 'static {
    /// Where a new call of this key notes what it waits for.
    fn waits(&self) -> Arc<Waits>;
}

/// What a call ends in, cheap to clone.
pub(in crate::pages) trait SharedOutcome: Clone + Send + Sync + 'static {
    /// What keeping it costs, in bytes.
    fn bytes(&self) -> u64;

    /// How long it counts.
    fn keeping(&self) -> Retention;
}

/// How long an outcome counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pages) enum Retention {
    /// Until it has reached a client as a whole.
    UntilDelivered,
    /// Until somebody was told: those who wait when it comes, or else the next one who asks.
    UntilTold,
    /// For those who wait when it comes, and nobody else.
    ForThoseWhoWait,
}

/// How long calls and outcomes stay without anybody who waits for them.
#[derive(Debug, Clone, Copy)]
pub(in crate::pages) struct Linger {
    /// A call.
    pub(in crate::pages) running: Duration,
    /// Its outcome, from its end or from when the last one left.
    pub(in crate::pages) finished: Duration,
}

/// What all outcomes that wait for a client may take.
#[derive(Debug, Clone, Copy)]
pub(in crate::pages) struct OutcomeBounds {
    pub(in crate::pages) outcomes: usize,
    pub(in crate::pages) bytes: u64,
}
