//! Budgets: what calls of one or several connectors spend together, and the queue in front of it.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::ledger::{BudgetTicket, CallOutcome, Ledger};
use super::rate::Pace;
use crate::lock::Mutex;
use crate::waits::{Wait, WaitReason, Waits};

/// Origins of one connector whose quotas are known at once; past it, those that nobody waits for are forgotten.
const MAX_ORIGINS: usize = 64;

/// Accounts that are kept at the most without a connector that uses them.
const MAX_UNUSED_ACCOUNTS: usize = 1024;

/// All budgets of a host. They outlive their connectors, so that one which is loaded again knows what it has spent.
#[derive(Debug, Default)]
pub(crate) struct Budgets(Mutex<HashMap<Owner, Arc<BudgetAccount>>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Owner {
    Connector(Arc<str>),
    Shared(Arc<str>),
}

/// The budgets of one connector, or the one of a name.
#[derive(Debug)]
pub(super) enum BudgetAccount {
    Shared(Arc<Budget>),
    ByOrigin(Mutex<HashMap<String, Arc<Budget>>>),
}

/// What is spent together.
#[derive(Debug)]
pub(super) struct Budget {
    /// As people know it.
    name: Arc<str>,
    ledger: Mutex<Ledger>,
    /// Held by the first in the queue. It is fair, so the others come in the order of their arrival.
    turn: tokio::sync::Mutex<()>,
    /// Those in the queue.
    queue: Mutex<u32>,
    /// The first in the queue looks again.
    changed: Notify,
    /// All of them do.
    refused: Notify,
}

/// A call would have to wait for longer than it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WaitTooLong {
    /// How long, at the least.
    pub(super) wait: Duration,
}

impl Budgets {
    /// The account of a connector, or the one that all have which name this budget.
    pub(super) fn account(&self, connector: &Arc<str>, budget: Option<&str>) -> Arc<BudgetAccount> {
        let mut accounts = self.0.lock();
        let unused = |account: &Arc<BudgetAccount>| Arc::strong_count(account) == 1;
        if accounts.values().filter(|account| unused(account)).count() > MAX_UNUSED_ACCOUNTS {
            accounts.retain(|_, account| !unused(account));
        }
        let (owner, account) = match budget {
            None => (
                Owner::Connector(connector.clone()),
                BudgetAccount::ByOrigin(Mutex::default()),
            ),
            Some(name) => (
                Owner::Shared(name.into()),
                BudgetAccount::Shared(Arc::new(Budget::new(name))),
            ),
        };
        accounts
            .entry(owner)
            .or_insert_with(|| Arc::new(account))
            .clone()
    }
}

impl BudgetAccount {
    /// The budget that calls to this origin spend.
    pub(super) fn budget(&self, origin: &str, now: Instant) -> Arc<Budget> {
        let budgets = match self {
            Self::Shared(budget) => return budget.clone(),
            Self::ByOrigin(budgets) => budgets,
        };
        let mut budgets = budgets.lock();
        if let Some(budget) = budgets.get(origin) {
            return budget.clone();
        }
        if budgets.len() >= MAX_ORIGINS {
            budgets.retain(|_, budget| Arc::strong_count(budget) > 1 || !budget.is_idle(now));
        }
        if budgets.len() >= MAX_ORIGINS {
            budgets.retain(|_, budget| Arc::strong_count(budget) > 1);
        }
        let budget = Arc::new(Budget::new(origin));
        // Where all are in use, this call has one for itself.
        if budgets.len() < MAX_ORIGINS {
            budgets.insert(origin.to_owned(), budget.clone());
        }
        budget
    }
}

impl Budget {
    fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            ledger: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            queue: Mutex::default(),
            changed: Notify::new(),
            refused: Notify::new(),
        }
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Waits until a call may be made, at most until `limit`; says whether it had to. What it waits for is noted in
    /// `waits`. Never returns if that is so long that it ends the call whose waits they are.
    ///
    /// # Errors
    ///
    /// [`WaitTooLong`], as soon as it is known.
    pub(super) async fn admit(
        &self,
        pace: &Pace,
        limit: Instant,
        waits: &Arc<Waits>,
    ) -> Result<(BudgetTicket, bool), WaitTooLong> {
        // Fails where somebody waits: nobody is overtaken.
        if let Ok(_turn) = self.turn.try_lock()
            && let Ok(ticket) = self.ledger().admit(pace, Instant::now())
        {
            return Ok((ticket, false));
        }
        let place = BudgetPlace::take(&self.queue);
        let mut _shown = waits.begin(self.wait(pace, place.before));
        let mut turn = std::pin::pin!(self.turn.lock());
        let mut before = place.before;
        let _turn = loop {
            // Listens before it looks, so that nothing is missed in between.
            let mut refused = std::pin::pin!(self.refused.notified());
            refused.as_mut().enable();
            self.within(pace, before, limit, waits).await?;
            tokio::select! {
                biased;
                turn = &mut turn => break turn,
                () = refused => {
                    // How many are still before it isn't known.
                    before = 0;
                    _shown = waits.begin(self.wait(pace, 0));
                }
                () = sleep_until(limit) => return Err(self.too_long(pace, limit)),
            }
        };
        loop {
            let now = Instant::now();
            let due = match self.ledger().admit(pace, now) {
                Ok(ticket) => {
                    // Also for the next in the queue, who may have waited for this one to go.
                    self.changed.notify_one();
                    return Ok((ticket, true));
                }
                Err(due) => due,
            };
            self.within(pace, 0, limit, waits).await?;
            let until = Wait::lasting(self.reason(), due.saturating_duration_since(now));
            _shown = waits.begin(until);
            tokio::select! {
                () = self.changed.notified() => {}
                () = sleep_until(due.min(limit)) => {}
            }
            if Instant::now() >= limit {
                return Err(self.too_long(pace, limit));
            }
        }
    }

    /// Notes how a call ended.
    pub(super) fn settle(
        &self,
        ticket: BudgetTicket,
        ending: CallOutcome,
        pace: &Pace,
        longest: Duration,
    ) {
        let was_refused = self
            .ledger()
            .settle(ticket, ending, pace, longest, Instant::now());
        self.changed.notify_one();
        if was_refused {
            self.refused.notify_waiters();
        }
    }

    /// When a call is due that is made after those in the queue, at the earliest.
    pub(super) fn earliest(&self, pace: &Pace) -> Option<Instant> {
        let before = *self.queue.lock();
        self.ledger().earliest(pace, before, Instant::now())
    }

    async fn within(
        &self,
        pace: &Pace,
        before: u32,
        limit: Instant,
        waits: &Waits,
    ) -> Result<(), WaitTooLong> {
        let now = Instant::now();
        let Some(due) = self.ledger().earliest(pace, before, now) else {
            return Ok(());
        };
        let wait = due.saturating_duration_since(now);
        if due > limit {
            return Err(WaitTooLong { wait });
        }
        let shown = Wait::lasting(self.reason(), wait);
        if waits.postponer.postpones(&shown, wait, 0) {
            std::future::pending().await
        }
        Ok(())
    }

    /// The call's time is over, though it wasn't known that it would be.
    fn too_long(&self, pace: &Pace, limit: Instant) -> WaitTooLong {
        let now = Instant::now();
        let due = self.ledger().due(pace, 0, now).unwrap_or(limit);
        WaitTooLong {
            wait: due.saturating_duration_since(now),
        }
    }

    fn wait(&self, pace: &Pace, before: u32) -> Wait {
        let now = Instant::now();
        match self.ledger().due(pace, before, now) {
            Some(due) => Wait::lasting(self.reason(), due.saturating_duration_since(now)),
            None => Wait {
                reason: self.reason(),
                until: None,
            },
        }
    }

    fn reason(&self) -> WaitReason {
        WaitReason::Budget {
            name: self.name.to_string(),
        }
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.ledger().is_idle(now)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock()
    }
}

/// A place in the queue, given back when it is dropped.
struct BudgetPlace<'b> {
    queue: &'b Mutex<u32>,
    before: u32,
}

impl<'b> BudgetPlace<'b> {
    fn take(queue: &'b Mutex<u32>) -> Self {
        let mut length = queue.lock();
        let before = *length;
        *length = before.saturating_add(1);
        Self { queue, before }
    }
}

impl Drop for BudgetPlace<'_> {
    fn drop(&mut self) {
        let mut length = self.queue.lock();
        *length = length.saturating_sub(1);
    }
}
