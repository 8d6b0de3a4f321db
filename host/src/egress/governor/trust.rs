//! Whether calls may be made side by side, or one goes first.

use std::time::Duration;

use tokio::time::Instant;

/// How long the response to a trial is waited for before another call is made.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What one call has shown, so that others may follow it.
#[derive(Debug, Default)]
pub(super) struct Trust {
    state: TrustState,
    /// The number of the last call that had been made when trust was lost.
    lost_at: u64,
}

#[derive(Debug, Default)]
enum TrustState {
    /// Nothing is known, or it no longer holds: one call goes first.
    #[default]
    None,
    /// One has gone first.
    Trial { number: u64, began: Instant },
    /// What the API wants is known, be it nothing.
    Known,
}

impl Trust {
    /// Until when a trial's response is waited for; none without one.
    pub(super) fn due(&self) -> Option<Instant> {
        match &self.state {
            TrustState::Trial { began, .. } => began.checked_add(PATIENCE),
            TrustState::None | TrustState::Known => None,
        }
    }

    /// A call is made: a trial if nothing is known.
    pub(super) fn begin(&mut self, number: u64, now: Instant) {
        if !matches!(self.state, TrustState::Known) {
            self.state = TrustState::Trial { number, began: now };
        }
    }

    /// What was known no longer holds; `last` is the number of the last call made.
    pub(super) fn lose(&mut self, last: u64) {
        self.state = TrustState::None;
        self.lost_at = last;
    }

    /// A trial that takes too long is no longer waited for.
    pub(super) fn pass(&mut self, now: Instant) {
        if self.due().is_some_and(|end| end <= now) {
            self.state = TrustState::None;
        }
    }

    /// The call of this number ended, with an answer that tells what the API wants, or without.
    pub(super) fn end(&mut self, number: u64, is_answer: bool) {
        // A trial's answer counts also where it came so late that others went too.
        if is_answer && number > self.lost_at {
            self.state = TrustState::Known;
        } else if matches!(self.state, TrustState::Trial { number: trial, .. } if trial == number) {
            self.state = TrustState::None;
        }
    }
}
