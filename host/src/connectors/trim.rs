//! Gives the heap's free memory back to the system, after calls that took much of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::account::HostAccount;
use crate::heap;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// So many bytes more than usual, for no call, are worth the milliseconds that it takes to give them back.
const WORTHWHILE_BYTES: u64 = 16 << 20;

/// Gives back, once it runs.
pub struct HeapTrimmer {
    account: Arc<HostAccount>,
    trim: Trim,
}

/// When it is worth it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Trim {
    /// What the process had for no call when it had the least of it since the last time, in bytes.
    usual_bytes: Option<u64>,
}

impl HeapTrimmer {
    pub(super) fn new(account: Arc<HostAccount>) -> Self {
        heap::keep_large_pieces_apart();
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
        let usual = self.usual_bytes.map_or(bytes, |usual| usual.min(bytes));
        self.usual_bytes = Some(usual);
        bytes - usual > WORTHWHILE_BYTES
    }

    /// What is still there is in use.
    fn done(&mut self, bytes: u64) {
        self.usual_bytes = Some(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_than_usual_is_given_back_once() {
        const MIB: u64 = 1 << 20;
        let mut trim = Trim::default();
        assert!(!trim.is_due(50 * MIB), "the first look");
        assert!(!trim.is_due(66 * MIB));
        assert!(trim.is_due(67 * MIB));
        trim.done(60 * MIB);
        assert!(!trim.is_due(70 * MIB), "10 of it came since");
        assert!(!trim.is_due(30 * MIB));
        assert!(trim.is_due(50 * MIB));
    }
}
