//! Whether several calls may be made at once, or one is sent first.

use std::time::Duration;

use tokio::time::Instant;

/// How long other calls wait for the response to a trial.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a call has shown enough for others to follow it.
#[derive(Debug, Default)]
pub(super) struct Trust {
    state: TrustState,
    /// The number of the last call that had been made when trust was lost.
    lost_at: u64,
}

#[derive(Debug, Default)]
enum TrustState {
    /// Nothing is known, or it no longer applies: one call is sent first.
    #[default]
    None,
    /// One has been sent first.
    Trial { number: u64, began: Instant },
    /// The API's limits are known, even if there are none.
    Known,
}

impl Trust {
    /// Until when a trial's response is awaited; `None` without a trial.
    pub(super) fn due(&self) -> Option<Instant> {
        match &self.state {
            TrustState::Trial { began, .. } => began.checked_add(PATIENCE),
            TrustState::None | TrustState::Known => None,
        }
    }

    /// Notes that a call is made: it is a trial if nothing is known.
    pub(super) fn begin(&mut self, number: u64, now: Instant) {
        if !matches!(self.state, TrustState::Known) {
            self.state = TrustState::Trial { number, began: now };
        }
    }

    /// Notes that earlier knowledge no longer applies; `last` is the number of the last call made.
    pub(super) fn lose(&mut self, last: u64) {
        self.state = TrustState::None;
        self.lost_at = last;
    }

    /// Ends the wait for a trial that takes too long.
    pub(super) fn pass(&mut self, now: Instant) {
        if self.due().is_some_and(|end| end <= now) {
            self.state = TrustState::None;
        }
    }

    /// Notes that the call of this number ended, with an answer that shows the API's limits, or without one.
    pub(super) fn end(&mut self, number: u64, is_answer: bool) {
        // A trial's answer counts even if it arrived so late that others were sent as well.
        if is_answer && number > self.lost_at {
            self.state = TrustState::Known;
        } else if matches!(self.state, TrustState::Trial { number: trial, .. } if trial == number) {
            self.state = TrustState::None;
        }
    }
}
