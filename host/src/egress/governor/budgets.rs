//! Which calls of one or more connectors share a budget.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::budget::Budget;
use crate::lock::Mutex;

/// How many origins of one connector have known quotas; beyond that, those without waiting calls are forgotten.
const MAX_ORIGINS: usize = 64;

/// The most accounts that are kept without a connector that uses them.
const MAX_UNUSED_ACCOUNTS: usize = 1024;

/// All budgets of a host. They outlive their connectors, so that a reloaded connector knows what it has spent.
#[derive(Debug, Default)]
pub(crate) struct Budgets(Mutex<HashMap<Owner, Arc<BudgetAccount>>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Owner {
    Connector(Arc<str>),
    Shared(Arc<str>),
}

/// The budgets of one connector, or the budget of one name.
#[derive(Debug)]
pub(super) enum BudgetAccount {
    Shared(Arc<Budget>),
    ByOrigin(Mutex<HashMap<String, Arc<Budget>>>),
}

impl Budgets {
    /// The account of a connector, or the one shared by all connectors that name this budget.
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
        // If all budgets are in use, this call gets its own.
        if budgets.len() < MAX_ORIGINS {
            budgets.insert(origin.to_owned(), budget.clone());
        }
        budget
    }
}
