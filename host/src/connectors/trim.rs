//! Returns the heap's free memory to the system after calls that used much of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::account::HostAccount;
use crate::platform;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The longest pause after tries that didn't help, as a number of looks.
const MAX_PAUSE: u32 = 8;

/// Returning memory is worth the milliseconds it takes if the process has this many bytes more than its minimum so
/// far, not counting calls.
const WORTHWHILE_BYTES: u64 = 16 << 20;

/// Returns memory, once it runs.
pub struct HeapTrimmer {
    account: Arc<HostAccount>,
    trim: Trim,
}

/// Decides when it is worth it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Trim {
    /// The fewest bytes that the process has had so far, not counting calls.
    least_bytes: Option<u64>,
    /// How many looks to skip, since the last trim did not help: the memory may be in use.
    pause: u32,
    /// The length of the next pause.
    next_pause: u32,
}

impl HeapTrimmer {
    pub(super) fn new(account: Arc<HostAccount>) -> Self {
        Self {
            account,
            trim: Trim::default(),
        }
    }

    /// Looks at intervals, forever.
    pub async fn run(mut self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let account = self.account.clone();
            let mut trim = std::mem::take(&mut self.trim);
            let looked = spawn_blocking(move || {
                if trim.is_due(beside_calls(&account)) {
                    platform::give_heap_back();
                    trim.done(beside_calls(&account));
                }
                trim
            });
            match looked.await {
                Ok(trim) => self.trim = trim,
                Err(error) => {
                    tracing::error!(%error, "returning the heap's free memory to the system ended early");
                }
            }
        }
    }
}

/// The process's memory in bytes, without what is charged for calls. 0 if the system doesn't report it, so that
/// nothing is returned.
fn beside_calls(account: &HostAccount) -> u64 {
    let resident = platform::heap_bytes().unwrap_or_default();
    resident.saturating_sub(account.used_bytes())
}

impl Trim {
    /// Whether returning memory is worth it at this size.
    fn is_due(&mut self, bytes: u64) -> bool {
        let least = self.least_bytes.map_or(bytes, |least| least.min(bytes));
        self.least_bytes = Some(least);
        if bytes - least <= WORTHWHILE_BYTES {
            self.next_pause = 0;
            self.pause = 0;
            return false;
        }
        let is_over = self.pause == 0;
        self.pause = self.pause.saturating_sub(1);
        is_over
    }

    /// Records what is left. Memory that did not go back is in use. It may become free later, without notice.
    fn done(&mut self, bytes: u64) {
        let least = self.least_bytes.unwrap_or(bytes);
        if bytes.saturating_sub(least) > WORTHWHILE_BYTES {
            self.next_pause = (self.next_pause * 2).clamp(1, MAX_PAUSE);
            self.pause = self.next_pause;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn memory_above_the_minimum_is_returned() {
        let mut trim = Trim::default();
        assert!(!trim.is_due(50 * MIB), "the first look");
        assert!(!trim.is_due(66 * MIB));
        assert!(trim.is_due(67 * MIB));
        trim.done(60 * MIB);
        assert!(!trim.is_due(66 * MIB));
        assert!(!trim.is_due(30 * MIB));
        assert!(trim.is_due(50 * MIB));
    }

    #[test]
    fn memory_that_was_in_use_is_tried_again_later() {
        let mut trim = Trim::default();
        assert!(!trim.is_due(10 * MIB));
        let mut tried = Vec::new();
        for look in 0..100 {
            if trim.is_due(900 * MIB) {
                tried.push(look);
                trim.done(900 * MIB);
            }
        }
        assert_eq!(tried, [0, 2, 5, 10, 19, 28, 37, 46, 55, 64, 73, 82, 91]);
        trim.done(12 * MIB);
        assert!(!trim.is_due(12 * MIB));
        assert!(trim.is_due(900 * MIB), "at once, after a trim that helped");
    }
}
