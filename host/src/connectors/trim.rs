//! Gives the heap's free memory back to the system, after calls that took much of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::account::HostAccount;
use crate::heap;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The longest pause between two tries that don't help, in looks.
const MAX_PAUSE: u32 = 8;

/// So many bytes more than it had at the least, for no call, are worth the milliseconds that it takes to give them back.
const WORTHWHILE_BYTES: u64 = 16 << 20;

/// Gives back, once it runs.
pub struct HeapTrimmer {
    account: Arc<HostAccount>,
    trim: Trim,
}

/// When it is worth it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Trim {
    /// The least that the process has had for no call so far, in bytes.
    least_bytes: Option<u64>,
    /// Looks to pass over, since the last trim did not help: what there is may be in use.
    pause: u32,
    /// How many the next pause has.
    next_pause: u32,
}

impl HeapTrimmer {
    pub(super) fn new(account: Arc<HostAccount>) -> Self {
        Self {
            account,
            trim: Trim::default(),
        }
    }

    /// Looks from time to time, for ever.
    pub async fn run(mut self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let account = self.account.clone();
            let mut trim = std::mem::take(&mut self.trim);
            let looked = spawn_blocking(move || {
                if trim.is_due(beside_calls(&account)) {
                    heap::give_back();
                    trim.done(beside_calls(&account));
                }
                trim
            });
            match looked.await {
                Ok(trim) => self.trim = trim,
                Err(error) => {
                    tracing::error!(%error, "giving back the heap's free memory ended early");
                }
            }
        }
    }
}

/// What the process has beside what is charged for calls, in bytes. Where the system doesn't say, nothing is to be given
/// back.
fn beside_calls(account: &HostAccount) -> u64 {
    let resident = heap::resident_bytes().unwrap_or_default();
    resident.saturating_sub(account.used_bytes())
}

impl Trim {
    /// Whether so much is worth it.
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

    /// Notes what is left. What did not go back is in use, and may be free at another time, which nobody tells.
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
    fn what_is_more_than_ever_is_given_back() {
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
    fn what_was_in_use_when_it_looked_is_tried_again_and_again() {
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
        assert!(trim.is_due(900 * MIB), "at once, after one that helped");
    }
}
