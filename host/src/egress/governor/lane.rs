//! A queue of calls for a ledger: those of one budget, or of one of the quotas that its API keeps apart.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::held_call::HeldCall;
use super::ledger::Ledger;
use super::meter;
use super::outcome::{CallOutcome, LedgerTicket};
use super::rate::Pace;
use crate::egress::error::HoldCause;
use crate::lock::Mutex;
use crate::scope::Deadline;
use crate::waits::{QuotaSource, Wait, WaitReason, Waits};

/// A shared quota, and the queue for it.
#[derive(Debug)]
pub(super) struct Lane {
    /// The name for messages.
    name: Arc<str>,
    ledger: Mutex<Ledger>,
    /// Held by the first in the queue. It is fair, so the others follow in the order of their arrival.
    turn: tokio::sync::Mutex<()>,
    /// The number of calls in the queue.
    queue: Mutex<u32>,
    /// Makes the first in the queue check again.
    changed: Notify,
    /// Makes all in the queue check again.
    refused: Notify,
    /// Whether those in the queue wait for a quota, and not only for the calls under way.
    has_none_left: Mutex<bool>,
    /// Notified when `has_none_left` has changed.
    reason_changed: Notify,
}

/// A call would have to wait for longer than it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WaitTooLong {
    /// The name of the quota or API that it would wait for, for messages.
    pub(super) name: Arc<str>,
    /// The least time to wait.
    pub(super) wait: Duration,
    pub(super) cause: HoldCause,
}

impl Lane {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            ledger: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            queue: Mutex::default(),
            changed: Notify::new(),
            refused: Notify::new(),
            has_none_left: Mutex::default(),
            reason_changed: Notify::new(),
        }
    }

    /// Waits until a call may be made, at most until `limit`; returns whether it had to wait. `call` shows the reason
    /// for the wait. Never returns if the wait is so long that it ends the call that has these waits.
    ///
    /// # Errors
    ///
    /// [`WaitTooLong`], as soon as it is known.
    pub(super) async fn admit(
        &self,
        pace: &Pace,
        limit: Deadline,
        call: &HeldCall,
    ) -> Result<(LedgerTicket, bool), WaitTooLong> {
        // Fails if there is a queue: no call is overtaken.
        if let Ok(_turn) = self.turn.try_lock()
            && let Ok(ticket) = self.ledger().admit(pace, Instant::now())
        {
            return Ok((ticket, false));
        }
        let place = LanePlace::take(&self.queue);
        let mut _shown = call.show(self.wait(pace, place.before));
        let mut turn = std::pin::pin!(self.turn.lock());
        let mut before = place.before;
        let _turn = loop {
            // Listens before it checks, so that nothing is missed in between.
            let mut refused = std::pin::pin!(self.refused.notified());
            refused.as_mut().enable();
            let mut reason_changed = std::pin::pin!(self.reason_changed.notified());
            reason_changed.as_mut().enable();
            self.within(pace, before, limit, &call.waits).await?;
            tokio::select! {
                biased;
                turn = &mut turn => break turn,
                () = refused => {
                    // It isn't known how many are still ahead.
                    before = 0;
                    _shown = call.show(self.wait(pace, 0));
                }
                () = reason_changed => _shown = call.show(self.wait(pace, before)),
                () = sleep_until(limit.at) => return Err(self.too_long(pace, limit.at)),
            }
        };
        loop {
            let now = Instant::now();
            let admitted = self.ledger().admit(pace, now);
            let due = match admitted {
                Ok(ticket) => {
                    self.update_reason(pace);
                    // Also for the next in the queue, which may have waited for this one to leave.
                    self.changed.notify_one();
                    return Ok((ticket, true));
                }
                Err(due) => due,
            };
            self.within(pace, 0, limit, &call.waits).await?;
            _shown = call.show(self.wait(pace, 0));
            tokio::select! {
                () = self.changed.notified() => {}
                () = sleep_until(due.min(limit.at)) => {}
            }
            if Instant::now() >= limit.at {
                return Err(self.too_long(pace, limit.at));
            }
        }
    }

    /// Notes how a call ended.
    pub(super) fn settle(
        &self,
        ticket: LedgerTicket,
        ending: CallOutcome,
        pace: &Pace,
        longest: Duration,
    ) {
        let (was_refused, news) = {
            let mut ledger = self.ledger();
            let was_refused = ledger.settle(ticket, ending, pace, longest, Instant::now());
            (was_refused, ledger.news())
        };
        if let Some(news) = news {
            meter::at_once(&self.name, news);
        }
        self.update_reason(pace);
        self.changed.notify_one();
        if was_refused {
            self.refused.notify_waiters();
        }
    }

    /// Admits a call that has already been made, when it turns out that it spends this quota.
    pub(super) fn take_up(&self) -> LedgerTicket {
        self.ledger().take_up(Instant::now())
    }

    /// The earliest time at which a call is due if it joins the queue now.
    pub(super) fn earliest(&self, pace: &Pace) -> Option<Instant> {
        let before = *self.queue.lock();
        self.ledger().earliest(pace, before, Instant::now())
    }

    async fn within(
        &self,
        pace: &Pace,
        before: u32,
        limit: Deadline,
        waits: &Waits,
    ) -> Result<(), WaitTooLong> {
        let now = Instant::now();
        let Some(due) = self.ledger().earliest(pace, before, now) else {
            return Ok(());
        };
        let wait = due.saturating_duration_since(now);
        let source = self.ledger().source(pace, before);
        let shown = Wait::lasting(self.reason(source), wait);
        if limit.leaves_between_pages(due) && waits.postponer.postpones(&shown, wait, 0) {
            std::future::pending().await
        }
        if due > limit.at {
            let name = self.name.clone();
            let cause = HoldCause::Quota;
            return Err(WaitTooLong { name, wait, cause });
        }
        Ok(())
    }

    /// The error of a call whose time is over, although that could not be foreseen.
    fn too_long(&self, pace: &Pace, limit: Instant) -> WaitTooLong {
        let now = Instant::now();
        let ledger = self.ledger();
        let due = ledger.due(pace, 0, now).unwrap_or(limit);
        // Only the calls under way hold it.
        let is_free = ledger.earliest(pace, 0, now).is_none();
        WaitTooLong {
            cause: if is_free {
                HoldCause::Answer
            } else {
                HoldCause::Quota
            },
            name: self.name.clone(),
            wait: due.saturating_duration_since(now),
        }
    }

    /// Lets those in the queue show the new reason for their wait if it has changed.
    fn update_reason(&self, pace: &Pace) {
        if *self.queue.lock() == 0 {
            return;
        }
        let has_none_left = self.ledger().earliest(pace, 0, Instant::now()).is_some();
        let before = std::mem::replace(&mut *self.has_none_left.lock(), has_none_left);
        if before != has_none_left {
            self.reason_changed.notify_waiters();
        }
    }

    /// The wait of a call with this many calls ahead of it.
    fn wait(&self, pace: &Pace, before: u32) -> Wait {
        let now = Instant::now();
        let (earliest, due, source) = {
            let ledger = self.ledger();
            (
                ledger.earliest(pace, before, now),
                ledger.due(pace, before, now),
                ledger.source(pace, before),
            )
        };
        match earliest.and(due) {
            Some(due) => Wait::lasting(self.reason(source), due.saturating_duration_since(now)),
            // Only the calls under way hold it.
            None => Wait {
                reason: WaitReason::OtherCall {
                    name: self.name.to_string(),
                },
                until: None,
            },
        }
    }

    /// The reason for a wait while the quota has none left.
    fn reason(&self, source: QuotaSource) -> WaitReason {
        WaitReason::Budget {
            name: self.name.to_string(),
            source,
        }
    }

    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.ledger().is_idle(now)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock()
    }
}

/// A place in the queue, returned when it is dropped.
struct LanePlace<'b> {
    queue: &'b Mutex<u32>,
    before: u32,
}

impl<'b> LanePlace<'b> {
    fn take(queue: &'b Mutex<u32>) -> Self {
        let mut length = queue.lock();
        let before = *length;
        *length = before.saturating_add(1);
        Self { queue, before }
    }
}

impl Drop for LanePlace<'_> {
    fn drop(&mut self) {
        let mut length = self.queue.lock();
        *length = length.saturating_sub(1);
    }
}
