//! Decides when a call may be made, so that the API never has to refuse one, and what happens to failed calls.
//!
//! - `budget`: the calls with a common budget, and which of the API's quotas each one spends (`place`, `lanes`);
//! - `lane`: the queue of the calls of one quota, on top of what is known of it (`ledger`): from the API's responses
//!   (`observed`, `window`), and from a configured rate (`rate`);
//! - `breaker`: an origin that keeps failing isn't called for a while;
//! - `retry`: which calls are retried, and when.
//!
//! The rules are plain functions over times. They use the monotonic clock; the wall clock only converts dates.

mod amount;
mod arrival;
mod at_once;
mod breaker;
mod bucket;
mod budget;
mod budgets;
mod call_times;
mod dictionary;
mod family;
mod guide;
mod header_name;
mod header_words;
mod held_call;
mod lane;
mod lanes;
mod late_rests;
mod ledger;
mod meter;
mod moment;
mod observed;
mod outcome;
mod place;
mod policies;
mod quota_report;
mod quotas;
mod rate;
mod reset;
mod response_shares;
mod retry;
#[cfg(test)]
#[cfg(feature = "demo")]
mod simulation;
mod structured;
#[cfg(test)]
mod tests;
mod trust;
mod usage;
mod verdict;
mod wait_headers;
mod warnings;
mod weight;
mod window;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use tokio::time::Instant;

use super::error::EgressError;
use crate::config::{ConnectorConfig, QuotaRule, RateLimitConfig};
use crate::scope::Deadline;
use crate::secrets::Secrets;
use crate::waits::{LastTry, Wait, WaitReason, Waits};
use breaker::{Breakers, OutOfService};
use budget::{Budget, BudgetTicket};
use budgets::BudgetAccount;
use guide::QuotaGuide;
use lane::WaitTooLong;
use moment::TimeFault;
use outcome::CallOutcome;
use place::CallPlace;
use quota_report::{QuotaFault, QuotaFaultKind};
use rate::Paces;
use warnings::HeaderWarnings;

pub(crate) use budgets::Budgets;
pub(super) use held_call::HeldCall;
pub(super) use moment::until as time_until;
pub(super) use observed::QuotaReadings;
pub(super) use verdict::ResponseVerdict;

/// Governs the calls of one connector.
pub(super) struct Governor {
    connector: Arc<str>,
    config: RateLimitConfig,
    paces: Paces,
    /// The quotas of the configuration, each with its name.
    rules: Vec<(Arc<str>, QuotaRule)>,
    warnings: HeaderWarnings,
    account: Arc<BudgetAccount>,
    breakers: Breakers,
}

/// A call that may be made, until it is settled. If it is dropped before that, it counts as spent.
#[must_use]
pub(super) struct CallPermit<'g> {
    governor: &'g Governor,
    budget: Arc<Budget>,
    origin: &'g str,
    /// `None` once it is settled.
    ticket: Option<BudgetTicket>,
    is_trial: bool,
    /// How long it was held; `None` if it wasn't.
    pub(super) held: Option<Duration>,
}

impl Governor {
    /// `secrets` are kept out of all warnings.
    pub(super) fn new(
        connector: &Arc<str>,
        config: &ConnectorConfig,
        budgets: &Budgets,
        secrets: Secrets,
    ) -> Self {
        let rate_limit = config.rate_limit.clone();
        Self {
            connector: connector.clone(),
            paces: Paces::of(&rate_limit),
            rules: rate_limit
                .quotas
                .iter()
                .map(|rule| (rule.name(), rule.clone()))
                .collect(),
            warnings: HeaderWarnings::new(secrets),
            account: budgets.account(connector, rate_limit.budget.as_deref()),
            breakers: Breakers::new(rate_limit.failures, rate_limit.cool_down),
            config: rate_limit,
        }
    }

    /// Waits until a call to this path of an origin may be made. `call` shows the reason for the wait.
    ///
    /// # Errors
    ///
    /// [`EgressError::QuotaSpent`], at once, if it would have to wait for longer than it may, and
    /// [`EgressError::OutOfService`] while the API is not called.
    pub(super) async fn admit<'g>(
        &'g self,
        origin: &'g str,
        path: &str,
        deadline: Deadline,
        call: &HeldCall,
    ) -> Result<CallPermit<'g>, EgressError> {
        let began = Instant::now();
        self.breakers
            .check(origin, began)
            .map_err(|error| out_of_service(origin, error))?;
        let budget = self.account.budget(origin, began);
        let place = CallPlace::of(path, &self.paces);
        let admitted = budget.admit(place, &self.paces, deadline, call).await;
        let (ticket, was_held) =
            admitted.map_err(
                |WaitTooLong { name, wait, cause }| EgressError::QuotaSpent {
                    cause,
                    budget: name.to_string(),
                    wait,
                    limit: deadline.bound(),
                },
            )?;
        let now = Instant::now();
        let held = was_held.then(|| now.saturating_duration_since(began));
        let mut admission = CallPermit {
            governor: self,
            budget,
            origin,
            ticket: Some(ticket),
            is_trial: false,
            held,
        };
        // The breaker may have opened while this call was held.
        match self.breakers.enter(origin, now) {
            Ok(is_trial) => admission.is_trial = is_trial,
            Err(error) => {
                admission.settle(CallOutcome::Unmade, None);
                return Err(out_of_service(origin, error));
            }
        }
        Ok(admission)
    }

    /// Whether a request with this method may be sent again. `wish` is the request's own choice.
    pub(super) fn may_repeat(&self, method: &str, wish: Option<bool>) -> bool {
        let methods = &self.config.retry_methods;
        self.config.retries > 0
            && wish.unwrap_or_else(|| methods.iter().any(|allowed| allowed == method))
    }

    /// How long to wait before the next try of a call to this origin, after this many tries; `asked` is the wait that
    /// the API asked for. `None` if it isn't retried, or the whole wait doesn't fit.
    pub(super) fn pause(
        &self,
        origin: &str,
        path: &str,
        tries: u32,
        asked: Option<Duration>,
        fits: impl FnOnce(Duration) -> bool,
    ) -> Option<Duration> {
        let now = Instant::now();
        if tries > self.config.retries || self.breakers.check(origin, now).is_err() {
            return None;
        }
        let pause = asked.unwrap_or_else(|| retry::pause(tries, retry::draw()));
        let place = CallPlace::of(path, &self.paces);
        let due = self
            .account
            .budget(origin, now)
            .earliest(place, &self.paces);
        let begins = now.checked_add(pause)?.max(due.unwrap_or(now));
        fits(begins.saturating_duration_since(now)).then_some(pause)
    }

    /// The time until a call to this path of an origin may be made; `None` if it may be made now.
    pub(super) fn due_in(&self, origin: &str, path: &str) -> Option<Duration> {
        let now = Instant::now();
        let place = CallPlace::of(path, &self.paces);
        let budget = self.account.budget(origin, now);
        let due = budget.earliest(place, &self.paces)?;
        Some(due.saturating_duration_since(now))
    }

    /// Waits before a call is retried; `last` is how the last try ended.
    pub(super) async fn wait_for_retry(
        &self,
        origin: &Arc<str>,
        pause: Duration,
        last: LastTry,
        waits: &Arc<Waits>,
    ) {
        let status = match last {
            LastTry::Answered(status) | LastTry::RefusedByRule(status) => Some(status),
            LastTry::Unanswered => None,
        };
        meter::retried(&self.connector, status);
        let _waiting = waits.begin(Wait::lasting(another_try(origin, last), pause));
        tokio::time::sleep(pause).await;
    }

    /// How many origins are not called now because they keep failing.
    pub(super) fn open_breakers(&self) -> usize {
        self.breakers.open()
    }

    /// Warns, once, that a response's value for the wait of a rule can't be read.
    pub(super) fn warn_of_wait(&self, origin: &str, rule: &str, place: &str, value: &str) {
        let fault = QuotaFault::new(place, value, QuotaFaultKind::Wait(TimeFault::Unreadable));
        self.warnings
            .give_wait(&self.connector, origin, rule, &fault);
    }

    /// What a response of this origin says about the API's quotas; `rule` is the configured one for its path.
    pub(super) fn readings(
        &self,
        origin: &str,
        rule: Option<usize>,
        headers: &HeaderMap,
    ) -> QuotaReadings {
        let rule = rule.and_then(|rule| self.paces.rules.get(rule));
        let own = rule.and_then(|rule| self.rules.get(rule.number));
        let guide = QuotaGuide {
            headers: &self.config.headers,
            window: self.config.window,
            rules: &self.rules,
            own: own.map(|(_, rule)| rule),
        };
        let readings = QuotaReadings::of(headers, &guide, SystemTime::now());
        self.warnings
            .give(&self.connector, origin, &readings.faults);
        readings
    }
}

impl CallPermit<'_> {
    /// What the headers of the call's response say about the API's quotas.
    pub(super) fn readings(&self, headers: &HeaderMap) -> QuotaReadings {
        let place = self.ticket.as_ref().map(BudgetTicket::place);
        let rule = place.and_then(|place| place.rule);
        self.governor.readings(self.origin, rule, headers)
    }

    /// Learns from a response, from its meaning and its readings.
    pub(super) fn judged(mut self, status: u16, verdict: ResponseVerdict, observed: QuotaReadings) {
        let failed = verdict.counts_against_the_api(status);
        let outcome = CallOutcome::Answered {
            status,
            verdict,
            observed,
        };
        self.settle(outcome, failed);
    }

    /// Returns what the call would have spent: it is not made.
    pub(super) fn unmade(mut self) {
        self.settle(CallOutcome::Unmade, None);
    }

    /// Notes that there is no response.
    pub(super) fn failed(mut self, error: &EgressError) {
        self.settle(CallOutcome::Unanswered, retry::counts_against(error));
    }

    fn settle(&mut self, ending: CallOutcome, failed: Option<bool>) {
        let Some(ticket) = self.ticket.take() else {
            return;
        };
        let governor = self.governor;
        self.budget.settle(
            ticket,
            ending,
            &governor.paces,
            governor.config.max_learned_wait,
        );
        let change = governor
            .breakers
            .settle(self.origin, self.is_trial, failed, Instant::now());
        meter::changed(&governor.connector, self.origin, change);
        if self.held.is_some() {
            meter::held(&governor.connector);
        }
    }
}

impl Drop for CallPermit<'_> {
    fn drop(&mut self) {
        self.settle(CallOutcome::Unanswered, None);
    }
}

/// The wait of a call that is retried.
pub(super) fn another_try(origin: &Arc<str>, last: LastTry) -> WaitReason {
    WaitReason::Retry {
        origin: origin.clone(),
        last,
    }
}

fn out_of_service(origin: &str, error: OutOfService) -> EgressError {
    EgressError::OutOfService {
        origin: origin.to_owned(),
        failures: error.failures,
        wait: error.wait,
    }
}
