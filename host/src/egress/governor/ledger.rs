//! What is known of one budget, and when its next call is due: plain rules over times.

use std::time::Duration;

use tokio::time::Instant;

use super::arrival::{Arrival, CallCount};
use super::at_once::CallsAtOnce;
use super::observed::QuotaReadings;
use super::outcome::{AtOnceNews, CallOutcome, LedgerTicket};
use super::quota_report::QuotaForm;
use super::quotas::Quotas;
use super::rate::{Pace, RateMeter};
use super::trust::{PATIENCE, Trust};
use super::verdict::ResponseVerdict;
use crate::waits::QuotaSource;

/// How long calls wait after a refusal that doesn't say when to come again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MOST_PAUSE: Duration = Duration::from_secs(60);

/// The delay of the first call after a reset, once such a call was too early; doubled each time.
const FIRST_SLACK: Duration = Duration::from_millis(50);
const MOST_SLACK: Duration = Duration::from_secs(1);

/// An age is stated in whole seconds.
const ROUNDING: Duration = Duration::from_secs(1);

/// The calls of one budget.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    calls: CallCount,
    /// The number of calls made so far, which numbers them.
    made: u64,
    meter: RateMeter,
    quotas: Quotas,
    blocked_until: Option<Instant>,
    /// The remainder of a quota whose reset has passed, until the first call after it.
    passed: Option<u64>,
    /// Refusals in a row that didn't say how long to wait.
    refusals: u32,
    /// The number of the last call that had been made when the last refusal arrived.
    refused_at: u64,
    trust: Trust,
    at_once: CallsAtOnce,
    /// The new number of calls at once, until it has been read.
    news: Option<AtOnceNews>,
}

impl Ledger {
    /// Admits a call now, or returns its due time at the earliest. It may be sooner if another call ends.
    pub(super) fn admit(&mut self, pace: &Pace, now: Instant) -> Result<LedgerTicket, Instant> {
        self.pass(pace, now);
        if let Some(due) = self.due(pace, 0, now).filter(|due| *due > now) {
            return Err(due);
        }
        let number = self.count(now);
        self.trust.begin(number, now);
        self.meter.book(&self.stated_pace(pace), now);
        // Only for a quota that was spent: what others do with the remainder says nothing.
        let remained = self.passed.take().filter(|rest| *rest <= pace.reserve);
        Ok(LedgerTicket {
            number,
            made: now,
            at_once: self.calls.in_flight,
            remained,
        })
    }

    /// Takes up a call that was made just before `now`, when it turns out that it spends this.
    pub(super) fn take_up(&mut self, now: Instant) -> LedgerTicket {
        LedgerTicket {
            number: self.count(now),
            made: now,
            at_once: self.calls.in_flight,
            remained: None,
        }
    }

    fn count(&mut self, now: Instant) -> u64 {
        self.made = self.made.wrapping_add(1);
        self.calls.in_flight = self.calls.in_flight.saturating_add(1);
        self.calls.last = Some(now);
        self.made
    }

    /// When a call with this many calls ahead is due, if those under way bring nothing new; `None` for now.
    pub(super) fn due(&self, pace: &Pace, others: u32, now: Instant) -> Option<Instant> {
        // It may be sooner if another call ends.
        let in_flight = self.calls.in_flight;
        let crowded = (!self.at_once.allows(in_flight)).then(|| now.checked_add(PATIENCE));
        let due = self.due_after(&self.calls, pace, others);
        due.max(self.trust.due())
            .max(crowded.flatten())
            .filter(|due| *due > now)
    }

    /// As [`Self::due`], at the earliest: if all calls under way turn out to be counted already, and a trial is
    /// answered at once.
    pub(super) fn earliest(&self, pace: &Pace, others: u32, now: Instant) -> Option<Instant> {
        let calls = CallCount {
            in_flight: 0,
            ..self.calls
        };
        self.due_after(&calls, pace, others)
            .filter(|due| *due > now)
    }

    fn due_after(&self, calls: &CallCount, pace: &Pace, others: u32) -> Option<Instant> {
        let rate = self.meter.due(&self.stated_pace(pace), others);
        let quotas = self.quotas.due(calls, pace, others);
        quotas.max(rate).max(self.blocked_until)
    }

    /// Who says that a call with this many calls ahead is not due yet.
    pub(super) fn source(&self, pace: &Pace, others: u32) -> QuotaSource {
        let calls = CallCount {
            in_flight: 0,
            ..self.calls
        };
        let rate = self.meter.due(&self.stated_pace(pace), others);
        let quotas = self.quotas.due(&calls, pace, others);
        if self.blocked_until.is_some() && self.blocked_until >= rate.max(quotas) {
            QuotaSource::Refusal
        } else if rate > quotas && !pace.is_slowed_by(self.quotas.interval) {
            QuotaSource::Configuration
        } else {
            QuotaSource::Headers
        }
    }

    /// The pace with the API's stated rate, if that is slower.
    fn stated_pace(&self, pace: &Pace) -> Pace {
        pace.no_faster_than(self.quotas.interval)
    }

    /// Whether, and why, a different number of calls may be made at once. It is reported once.
    pub(super) fn news(&mut self) -> Option<AtOnceNews> {
        self.news.take()
    }

    /// Whether nothing would be lost if this were forgotten.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let blocked = self.blocked_until.is_some_and(|until| until > now);
        self.calls.in_flight == 0 && !blocked && self.quotas.are_whole(now, MOST_SLACK)
    }

    /// Notes how a call ended. `longest` caps every wait that follows from it. Returns whether calls must wait
    /// because it was refused.
    pub(super) fn settle(
        &mut self,
        ticket: LedgerTicket,
        ending: CallOutcome,
        pace: &Pace,
        longest: Duration,
        now: Instant,
    ) -> bool {
        self.pass(pace, now);
        self.calls.in_flight = self.calls.in_flight.saturating_sub(1);
        let (status, verdict, observed) = match ending {
            CallOutcome::Unmade => {
                self.meter.take_back(&self.stated_pace(pace));
                self.trust.end(ticket.number, false);
                return false;
            }
            CallOutcome::Elsewhere => {
                self.trust.end(ticket.number, true);
                return false;
            }
            CallOutcome::Unanswered => {
                // The API may have counted it.
                self.quotas.spend();
                self.trust.end(ticket.number, false);
                return false;
            }
            CallOutcome::Answered {
                status,
                verdict,
                observed,
            } => (status, verdict, observed),
        };
        let pause = self.pause(ticket, verdict, &observed);
        self.learn_slack(ticket, verdict, &observed);
        let took = now.saturating_duration_since(ticket.made);
        let is_cached = observed.age > took.saturating_add(ROUNDING);
        let arrival = Arrival {
            now,
            number: if is_cached { 0 } else { ticket.number },
            made: ticket.made,
            last: self.made,
            overtaken_by: ticket
                .at_once
                .saturating_sub(1)
                .saturating_add(self.made.saturating_sub(ticket.number)),
            longest,
        };
        self.learn_calls_at_once(ticket, &verdict, &observed, now);
        if pause.is_some() {
            self.quotas.slow_down(now);
        }
        let is_metered = self.stated_pace(pace).has_rate();
        self.quotas.learn(observed.quotas, observed.cost, &arrival);
        if !is_metered {
            // The call whose response states a rate is the first one of that rate.
            self.meter.book(&self.stated_pace(pace), ticket.made);
        }
        let is_answer = status < 500 && pause.is_none();
        if is_answer {
            self.refusals = 0;
            self.quotas.forget(&arrival);
        }
        self.trust.end(ticket.number, is_answer);
        if let Some(until) = pause.and_then(|pause| now.checked_add(pause.min(longest))) {
            self.blocked_until = self.blocked_until.max(Some(until));
        }
        pause.is_some()
    }

    /// Applies the passing of time.
    fn pass(&mut self, pace: &Pace, now: Instant) {
        if self.blocked_until.is_some_and(|until| until <= now) {
            self.blocked_until = None;
            self.trust.lose(self.made);
        }
        let (calls, made) = (self.calls, self.made);
        if let Some(rest) = self.quotas.pass(&calls, pace, now, made) {
            self.passed = Some(rest);
            self.trust.lose(made);
        }
        self.trust.pass(now);
    }

    /// How long calls must wait after a response that refuses one.
    fn pause(
        &mut self,
        ticket: LedgerTicket,
        verdict: ResponseVerdict,
        observed: &QuotaReadings,
    ) -> Option<Duration> {
        match verdict {
            ResponseVerdict::RateLimit(None) => {}
            ResponseVerdict::RateLimit(stated) => return stated,
            ResponseVerdict::Answer | ResponseVerdict::Failure | ResponseVerdict::Credential => {
                return None;
            }
        }
        let spent = observed.quotas.iter().filter(|quota| quota.remaining == 0);
        let resets = spent.filter_map(|quota| match quota.form {
            QuotaForm::Window => quota.reset,
            QuotaForm::Bucket(each) => each,
            QuotaForm::Rate(_) => None,
        });
        if let Some(reset) = resets.max().filter(|wait| !wait.is_zero()) {
            return Some(reset);
        }
        // Calls that were under way together are one refusal.
        if ticket.number > self.refused_at {
            self.refused_at = self.made;
            self.refusals = self.refusals.saturating_add(1);
        }
        let doubled = 2_u32.saturating_pow(self.refusals.saturating_sub(1));
        Some(FIRST_PAUSE.saturating_mul(doubled).min(MOST_PAUSE))
    }

    /// If the first call after a reset shows that it came too early, later ones wait longer.
    fn learn_slack(
        &mut self,
        ticket: LedgerTicket,
        verdict: ResponseVerdict,
        observed: &QuotaReadings,
    ) {
        let Some(remained) = ticket.remained else {
            return;
        };
        let went_on = observed
            .quotas
            .iter()
            .any(|quota| quota.remaining < remained);
        if matches!(verdict, ResponseVerdict::RateLimit(_)) || went_on {
            let doubled = self.calls.slack.saturating_mul(2);
            self.calls.slack = doubled.clamp(FIRST_SLACK, MOST_SLACK);
        }
    }

    /// A refusal that names neither a quota nor calls at once may be for too many calls at once.
    fn learn_calls_at_once(
        &mut self,
        ticket: LedgerTicket,
        verdict: &ResponseVerdict,
        observed: &QuotaReadings,
        now: Instant,
    ) {
        let is_unstated = observed.quotas.is_empty() && self.quotas.are_unknown();
        let most = match verdict {
            ResponseVerdict::RateLimit(stated) => {
                if !observed.is_of_calls_at_once && !is_unstated {
                    return;
                }
                let (at_once, number, last) = (ticket.at_once, ticket.number, self.made);
                if observed.is_of_calls_at_once || stated.is_none() {
                    self.at_once.refuse(at_once, number, last, now)
                } else {
                    self.at_once.refuse_for_a_while(at_once, number, last, now)
                }
            }
            ResponseVerdict::Answer => self.at_once.succeed(ticket.at_once, ticket.number, now),
            ResponseVerdict::Failure | ResponseVerdict::Credential => None,
        };
        self.news = most.map_or(self.news, |most| {
            Some(AtOnceNews {
                most,
                is_refusal: !matches!(verdict, ResponseVerdict::Answer),
            })
        });
    }
}

#[cfg(test)]
mod tests;
